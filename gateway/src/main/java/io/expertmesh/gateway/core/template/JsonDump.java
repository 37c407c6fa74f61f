package io.expertmesh.gateway.core.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Values as JSON the way Python's {@code json.dumps(…, ensure_ascii=False)} prints them. */
final class JsonDump {
  private final String itemSeparator;
  private final String keySeparator;
  private final String indent;
  private final boolean sortKeys;
  private final Budget budget;
  private final StringBuilder out = new StringBuilder();

  private JsonDump(CallArguments arguments, Budget budget) {
    Object indentation = arguments.get(0, "indent", None.NONE);
    this.indent =
        switch (indentation) {
          case Long spaces -> " ".repeat(Math.clamp(spaces, 0, 16));
          case String text -> text;
          default -> "";
        };
    boolean pretty = indentation != None.NONE;
    List<Object> separators = Py.iterate(arguments.get(2, "separators", new Tuple(List.of())));
    this.itemSeparator = separators.size() == 2 ? Py.str(separators.get(0)) : pretty ? "," : ", ";
    this.keySeparator = separators.size() == 2 ? Py.str(separators.get(1)) : ": ";
    this.sortKeys = Py.truth(arguments.get(3, "sort_keys", false));
    this.pretty = pretty;
    this.budget = budget;
  }

  private final boolean pretty;

  /** The text; arguments are those of the filter {@code tojson}. */
  static String dump(Object value, CallArguments arguments, Budget budget) {
    Object named = arguments.named().get("indent");
    CallArguments own =
        named == null && arguments.positional().size() > 0
            ? new CallArguments(List.of(arguments.positional().get(0)), arguments.named())
            : new CallArguments(List.of(), arguments.named());
    JsonDump dump = new JsonDump(own, budget);
    dump.write(value, 0);
    return dump.out.toString();
  }

  private void write(Object value, int level) {
    budget.step();
    budget.text(out.length());
    switch (value) {
      case String text -> string(text);
      case Boolean flag -> out.append(flag);
      case None none -> out.append("null");
      case Long number -> out.append(number);
      case Double number -> out.append(Py.decimal(number));
      case List<?> items -> list(items, level);
      case Map<?, ?> entries -> object(entries, level);
      default -> throw new TemplateException(Py.kind(value) + " cannot be written as JSON");
    }
  }

  private void list(List<?> items, int level) {
    out.append('[');
    for (int i = 0; i < items.size(); i++) {
      out.append(i == 0 ? "" : itemSeparator);
      newLine(level + 1);
      write(items.get(i), level + 1);
    }
    if (!items.isEmpty()) {
      newLine(level);
    }
    out.append(']');
  }

  private void object(Map<?, ?> entries, int level) {
    out.append('{');
    Map<String, Object> fields = new java.util.LinkedHashMap<>();
    entries.forEach((key, value) -> fields.put(Py.str(key), value));
    boolean first = true;
    for (Map.Entry<String, Object> entry :
        new ArrayList<>((sortKeys ? new TreeMap<>(fields) : fields).entrySet())) {
      out.append(first ? "" : itemSeparator);
      first = false;
      newLine(level + 1);
      string(entry.getKey());
      out.append(keySeparator);
      write(entry.getValue(), level + 1);
    }
    if (!first) {
      newLine(level);
    }
    out.append('}');
  }

  private void newLine(int level) {
    if (pretty) {
      out.append('\n').append(indent.repeat(level));
    }
  }

  private void string(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < ' ') {
            out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
