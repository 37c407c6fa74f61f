package io.expertmesh.gateway.core.template;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/** Jinja's filters. */
final class Filters {
  private final Evaluator evaluator;
  private final Budget budget;

  Filters(Evaluator evaluator, Budget budget) {
    this.evaluator = evaluator;
    this.budget = budget;
  }

  Object apply(String name, Object value, CallArguments a) {
    return switch (name) {
      case "trim" -> StringMethods.strip(Py.str(value), a, true, true);
      case "upper" -> Py.str(value).toUpperCase(Locale.ROOT);
      case "lower" -> Py.str(value).toLowerCase(Locale.ROOT);
      case "capitalize" -> StringMethods.capitalize(Py.str(value));
      case "title" -> StringMethods.title(Py.str(value));
      case "string" -> Py.str(value);
      case "safe" -> value;
      case "escape", "e" -> escape(Py.str(value));
      case "replace" -> StringMethods.replace(Py.str(value), a, budget);
      case "indent" -> indent(Py.str(value), a);
      case "format" ->
          PercentFormat.format(
              Py.str(value),
              a.positional().isEmpty() ? a.named() : new Tuple(a.positional()),
              budget);
      case "tojson" -> JsonDump.dump(value, a, budget);
      case "length", "count" -> Py.length(value);
      case "first" -> Sequences.index(Py.iterate(value), 0L);
      case "last" -> Sequences.index(Py.iterate(value), -1L);
      case "join" -> join(value, a);
      case "list" -> Py.iterate(value);
      case "reverse" -> reverse(value);
      case "items" -> value instanceof Map<?, ?> map ? ContainerMethods.items(map) : List.of();
      case "default", "d" -> otherwise(value, a);
      case "int" -> integer(value, a.get(0, "default", 0L));
      case "float" -> decimal(value, a.get(0, "default", 0.0));
      case "abs" -> Py.toDouble(value) < 0 ? Operators.negate(value) : value;
      case "round" -> round(value, a);
      case "sum" -> sum(value, a);
      case "min" -> extreme(value, -1);
      case "max" -> extreme(value, 1);
      case "sort" -> sort(Py.iterate(value), a, false);
      case "unique" -> unique(Py.iterate(value));
      case "dictsort" -> dictSort(value);
      case "map" -> map(Py.iterate(value), a);
      case "select" -> keep(value, item -> test(item, a, "defined"));
      case "reject" -> keep(value, item -> !test(item, a, "defined"));
      case "selectattr" -> keep(value, item -> test(attribute(item, a), a.rest(), "defined"));
      case "rejectattr" -> keep(value, item -> !test(attribute(item, a), a.rest(), "defined"));
      default -> throw new TemplateException("unknown filter '" + name + "'");
    };
  }

  /** A test by name on an item; without a name whether it is true. */
  private boolean test(Object item, CallArguments a, String ignored) {
    if (a.positional().isEmpty()) {
      return Py.truth(item);
    }
    return Tests.apply(Py.str(a.positional().get(0)), item, a.rest().positional());
  }

  private Object attribute(Object item, CallArguments a) {
    return path(item, a.text(0, "attribute", ""));
  }

  private Object path(Object item, String path) {
    Object value = item;
    for (String name : path.split("\\.")) {
      boolean number = !name.isEmpty() && name.chars().allMatch(Character::isDigit);
      value =
          number ? Sequences.index(value, Long.valueOf(name)) : evaluator.attribute(value, name);
    }
    return value;
  }

  private List<Object> keep(Object value, Predicate<Object> kept) {
    List<Object> result = new ArrayList<>();
    for (Object item : Py.iterate(value)) {
      budget.step();
      if (kept.test(item)) {
        result.add(item);
      }
    }
    return result;
  }

  private List<Object> map(List<Object> items, CallArguments a) {
    List<Object> result = new ArrayList<>(items.size());
    Object attribute = a.named().get("attribute");
    for (Object item : items) {
      budget.step();
      if (attribute instanceof String name) {
        Object value = path(item, name);
        Object missing = a.named().get("default");
        result.add(value instanceof Undefined && missing != null ? missing : value);
      } else {
        result.add(apply(a.text(0, "filter", ""), item, a.rest()));
      }
    }
    return result;
  }

  private String join(Object value, CallArguments a) {
    Object attribute = a.get(1, "attribute", None.NONE);
    Object items =
        attribute instanceof String name
            ? Py.iterate(value).stream().map(item -> path(item, name)).toList()
            : value;
    return StringMethods.join(Py.str(a.get(0, "d", "")), items, budget);
  }

  private static Object otherwise(Object value, CallArguments a) {
    boolean missing =
        value instanceof Undefined || (Py.truth(a.get(1, "boolean", false)) && !Py.truth(value));
    return missing ? a.get(0, "default_value", "") : value;
  }

  private static Object reverse(Object value) {
    if (value instanceof String text) {
      return new StringBuilder(text).reverse().toString();
    }
    List<Object> items = Py.iterate(value);
    Collections.reverse(items);
    return items;
  }

  private static Object integer(Object value, Object otherwise) {
    try {
      return Py.number(value)
          ? (Object) (long) Py.toDouble(value)
          : (Object) (long) Double.parseDouble(Py.str(value).strip());
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  private static Object decimal(Object value, Object otherwise) {
    try {
      return Py.number(value)
          ? (Object) Py.toDouble(value)
          : (Object) Double.valueOf(Py.str(value).strip());
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  private static Object round(Object value, CallArguments a) {
    long digits = Math.clamp(a.integer(0, "precision", 0), -300, 300);
    RoundingMode mode =
        switch (a.text(1, "method", "common")) {
          case "ceil" -> RoundingMode.CEILING;
          case "floor" -> RoundingMode.FLOOR;
          default -> RoundingMode.HALF_EVEN;
        };
    return new BigDecimal(Py.toDouble(value)).setScale((int) digits, mode).doubleValue();
  }

  private Object sum(Object value, CallArguments a) {
    Object total = a.get(1, "start", 0L);
    Object attribute = a.get(0, "attribute", None.NONE);
    for (Object item : Py.iterate(value)) {
      total =
          Operators.apply(
              "+", total, attribute instanceof String name ? path(item, name) : item, budget);
    }
    return total;
  }

  private static Object extreme(Object value, int sign) {
    Object best = new Undefined("the extreme of an empty list");
    for (Object item : Py.iterate(value)) {
      if (best instanceof Undefined || Integer.signum(Py.compare(item, best)) == sign) {
        best = item;
      }
    }
    return best;
  }

  private List<Object> sort(List<Object> items, CallArguments a, boolean caseSensitive) {
    Object attribute = a.get(2, "attribute", None.NONE);
    boolean exact = caseSensitive || Py.truth(a.get(1, "case_sensitive", false));
    Comparator<Object> order =
        (one, other) -> {
          budget.step();
          return Py.compare(key(one, attribute, exact), key(other, attribute, exact));
        };
    items.sort(Py.truth(a.get(0, "reverse", false)) ? order.reversed() : order);
    return items;
  }

  private Object key(Object item, Object attribute, boolean exact) {
    Object key = attribute instanceof String name ? path(item, name) : item;
    return key instanceof String text && !exact ? text.toLowerCase(Locale.ROOT) : key;
  }

  private static List<Object> unique(List<Object> items) {
    Map<Object, Object> seen = new LinkedHashMap<>();
    for (Object item : items) {
      seen.putIfAbsent(item instanceof String text ? text.toLowerCase(Locale.ROOT) : item, item);
    }
    return new ArrayList<>(seen.values());
  }

  private List<Object> dictSort(Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new TemplateException("dictsort needs a mapping");
    }
    List<Object> items = ContainerMethods.items(map);
    items.sort(
        (one, other) ->
            Py.compare(
                key(Sequences.index(one, 0L), None.NONE, false),
                key(Sequences.index(other, 0L), None.NONE, false)));
    return items;
  }

  private String indent(String text, CallArguments a) {
    Object width = a.get(0, "width", 4L);
    String pad =
        width instanceof Long spaces ? " ".repeat(Math.clamp(spaces, 0, 200)) : Py.str(width);
    boolean first = Py.truth(a.get(1, "first", false));
    boolean blank = Py.truth(a.get(2, "blank", false));
    String[] lines = text.split("\n", -1);
    budget.text(text.length() + (long) lines.length * pad.length());
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < lines.length; i++) {
      boolean padded = i == 0 ? first : blank || !lines[i].isEmpty();
      out.append(i == 0 ? "" : "\n").append(padded ? pad : "").append(lines[i]);
    }
    return out.toString();
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&#34;")
        .replace("'", "&#39;");
  }
}
