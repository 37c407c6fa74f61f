package io.expertmesh.gateway.core.template;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Values as Python treats them: truth, text, equality, order, iteration. */
final class Py {
  private Py() {}

  static boolean truth(Object value) {
    return switch (value) {
      case Boolean flag -> flag;
      case Long number -> number != 0;
      case Double number -> number != 0;
      case String text -> !text.isEmpty();
      case List<?> items -> !items.isEmpty();
      case Map<?, ?> entries -> !entries.isEmpty();
      case None none -> false;
      case Undefined missing -> false;
      default -> true;
    };
  }

  /** {@code str(value)}. */
  static String str(Object value) {
    return value instanceof String text ? text : repr(value);
  }

  /** {@code repr(value)}. */
  static String repr(Object value) {
    return switch (value) {
      case String text -> quoted(text);
      case Boolean flag -> flag ? "True" : "False";
      case Double number -> decimal(number);
      case Tuple items -> {
        String inner = joined(items);
        yield items.size() == 1 ? "(" + inner + ",)" : "(" + inner + ")";
      }
      case List<?> items -> "[" + joined(items) + "]";
      case Map<?, ?> entries -> {
        List<String> parts = new ArrayList<>();
        entries.forEach((key, entry) -> parts.add(repr(key) + ": " + repr(entry)));
        yield "{" + String.join(", ", parts) + "}";
      }
      case Namespace space -> "<Namespace " + repr(space.fields()) + ">";
      case Callable function -> "<function>";
      default -> value.toString();
    };
  }

  static boolean equal(Object left, Object right) {
    if (number(left) && number(right)) {
      return toDouble(left) == toDouble(right);
    }
    if (left instanceof List<?> one && right instanceof List<?> other) {
      if (one.size() != other.size() || (left instanceof Tuple) != (right instanceof Tuple)) {
        return false;
      }
      for (int i = 0; i < one.size(); i++) {
        if (!equal(one.get(i), other.get(i))) {
          return false;
        }
      }
      return true;
    }
    if (left instanceof Undefined && right instanceof Undefined) {
      return true;
    }
    return left.equals(right);
  }

  static int compare(Object left, Object right) {
    if (left instanceof Long one && right instanceof Long other) {
      return Long.compare(one, other);
    }
    if (number(left) && number(right)) {
      return Double.compare(toDouble(left), toDouble(right));
    }
    if (left instanceof String one && right instanceof String other) {
      return one.compareTo(other);
    }
    throw new TemplateException("cannot compare " + kind(left) + " with " + kind(right));
  }

  static boolean contains(Object container, Object item) {
    return switch (container) {
      case String text -> item instanceof String part && text.contains(part);
      case Map<?, ?> entries -> entries.containsKey(item);
      case List<?> items -> items.stream().anyMatch(other -> equal(other, item));
      case Undefined missing -> false;
      default -> throw new TemplateException(kind(container) + " cannot contain anything");
    };
  }

  /** What a loop runs over: items, keys, or characters. */
  static List<Object> iterate(Object value) {
    return switch (value) {
      case List<?> items -> new ArrayList<>(items);
      case Map<?, ?> entries -> new ArrayList<>(entries.keySet());
      case String text -> {
        List<Object> characters = new ArrayList<>();
        text.codePoints().forEach(c -> characters.add(Character.toString(c)));
        yield characters;
      }
      case Undefined missing -> List.of();
      default -> throw new TemplateException(kind(value) + " cannot be iterated");
    };
  }

  static long length(Object value) {
    return switch (value) {
      case String text -> text.codePointCount(0, text.length());
      case List<?> items -> items.size();
      case Map<?, ?> entries -> entries.size();
      case Undefined missing -> 0;
      default -> throw new TemplateException(kind(value) + " has no length");
    };
  }

  static boolean number(Object value) {
    return value instanceof Long || value instanceof Double || value instanceof Boolean;
  }

  static double toDouble(Object value) {
    return switch (value) {
      case Long number -> number;
      case Double number -> number;
      case Boolean flag -> flag ? 1 : 0;
      default -> throw new TemplateException(kind(value) + " is no number");
    };
  }

  /** The name of a value's type, for messages. */
  static String kind(Object value) {
    return switch (value) {
      case Undefined missing -> "'" + missing.name() + "', which is undefined,";
      case None none -> "None";
      case String text -> "a string";
      case Boolean flag -> "a boolean";
      case Long number -> "an integer";
      case Double number -> "a number";
      case List<?> items -> "a list";
      case Map<?, ?> entries -> "a mapping";
      default -> "this value";
    };
  }

  private static String joined(List<?> items) {
    List<String> parts = new ArrayList<>(items.size());
    items.forEach(item -> parts.add(repr(item)));
    return String.join(", ", parts);
  }

  private static String quoted(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder out = new StringBuilder().append(quote);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\\' -> out.append("\\\\");
        default -> {
          if (c == quote) {
            out.append('\\').append(c);
          } else if (c < ' ' || c == 127) {
            out.append(String.format(java.util.Locale.ROOT, "\\x%02x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append(quote).toString();
  }

  /** Shortest digits that read back the same; an exponent below 1e-4 and from 1e16. */
  static String decimal(double number) {
    if (Double.isNaN(number)) {
      return "nan";
    }
    if (Double.isInfinite(number)) {
      return number > 0 ? "inf" : "-inf";
    }
    if (number == 0) {
      return 1 / number < 0 ? "-0.0" : "0.0";
    }
    BigDecimal exact =
        new BigDecimal(Double.toString(number), MathContext.UNLIMITED).stripTrailingZeros();
    int exponent = exact.precision() - exact.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = exact.toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    }
    String digits = exact.unscaledValue().abs().toString();
    String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    return (number < 0 ? "-" : "")
        + mantissa
        + "e"
        + (exponent < 0 ? "-" : "+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }
}
