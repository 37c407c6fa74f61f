package io.expertmesh.gateway.core.template;

import java.util.ArrayList;
import java.util.List;

/** Arithmetic and its likes on values. */
final class Operators {
  private Operators() {}

  static Object apply(String operator, Object left, Object right, Budget budget) {
    return switch (operator) {
      case "+" -> add(left, right, budget);
      case "~" -> concat(Py.str(left), Py.str(right), budget);
      case "*" -> multiply(left, right, budget);
      case "%" ->
          left instanceof String format
              ? PercentFormat.format(format, right, budget)
              : modulo(left, right);
      case "-" -> arithmetic(operator, left, right);
      case "/" -> divide(left, right);
      case "//" -> floorDivide(left, right);
      case "**" -> power(left, right);
      default -> throw new TemplateException("unknown operator " + operator);
    };
  }

  static Object negate(Object value) {
    return value instanceof Double number ? (Object) (-number) : arithmetic("-", 0L, value);
  }

  static String concat(String left, String right, Budget budget) {
    budget.text((long) left.length() + right.length());
    return left + right;
  }

  private static Object add(Object left, Object right, Budget budget) {
    if (left instanceof String one && right instanceof String other) {
      return concat(one, other, budget);
    }
    if (left instanceof List<?> one && right instanceof List<?> other) {
      budget.items((long) one.size() + other.size());
      List<Object> all = new ArrayList<>(one);
      all.addAll(other);
      return left instanceof Tuple ? new Tuple(all) : all;
    }
    return arithmetic("+", left, right);
  }

  private static Object multiply(Object left, Object right, Budget budget) {
    if (left instanceof String text && right instanceof Long times) {
      budget.text(
          text.length() * (double) times > Integer.MAX_VALUE
              ? Long.MAX_VALUE
              : text.length() * times);
      return text.repeat((int) Math.max(0, times));
    }
    if (left instanceof Long && right instanceof String) {
      return multiply(right, left, budget);
    }
    if (left instanceof List<?> items && right instanceof Long times) {
      budget.items(
          items.size() * (double) times > Integer.MAX_VALUE
              ? Long.MAX_VALUE
              : items.size() * times);
      List<Object> all = new ArrayList<>();
      for (long i = 0; i < times; i++) {
        all.addAll(items);
      }
      return all;
    }
    return arithmetic("*", left, right);
  }

  private static Object arithmetic(String operator, Object left, Object right) {
    if (!Py.number(left) || !Py.number(right)) {
      throw unsupported(operator, left, right);
    }
    if (left instanceof Double || right instanceof Double) {
      double one = Py.toDouble(left);
      double other = Py.toDouble(right);
      return switch (operator) {
        case "+" -> one + other;
        case "-" -> one - other;
        default -> one * other;
      };
    }
    long one = toLong(left);
    long other = toLong(right);
    try {
      return switch (operator) {
        case "+" -> Math.addExact(one, other);
        case "-" -> Math.subtractExact(one, other);
        default -> Math.multiplyExact(one, other);
      };
    } catch (ArithmeticException e) {
      throw new TemplateException("an integer became too large");
    }
  }

  private static Object divide(Object left, Object right) {
    requireNumbers("/", left, right);
    if (Py.toDouble(right) == 0) {
      throw new TemplateException("division by zero");
    }
    return Py.toDouble(left) / Py.toDouble(right);
  }

  private static Object floorDivide(Object left, Object right) {
    requireNumbers("//", left, right);
    if (Py.toDouble(right) == 0) {
      throw new TemplateException("division by zero");
    }
    if (left instanceof Double || right instanceof Double) {
      return Math.floor(Py.toDouble(left) / Py.toDouble(right));
    }
    return Math.floorDiv(toLong(left), toLong(right));
  }

  private static Object modulo(Object left, Object right) {
    requireNumbers("%", left, right);
    if (Py.toDouble(right) == 0) {
      throw new TemplateException("division by zero");
    }
    if (left instanceof Double || right instanceof Double) {
      double divisor = Py.toDouble(right);
      double rest = Py.toDouble(left) % divisor;
      return rest != 0 && (rest < 0) != (divisor < 0) ? rest + divisor : rest;
    }
    return Math.floorMod(toLong(left), toLong(right));
  }

  private static Object power(Object left, Object right) {
    requireNumbers("**", left, right);
    double result = Math.pow(Py.toDouble(left), Py.toDouble(right));
    boolean integers = !(left instanceof Double) && !(right instanceof Double);
    if (integers && toLong(right) >= 0) {
      if (Math.abs(result) > 1L << 53) {
        throw new TemplateException("an integer became too large");
      }
      return (long) result;
    }
    return result;
  }

  private static void requireNumbers(String operator, Object left, Object right) {
    if (!Py.number(left) || !Py.number(right)) {
      throw unsupported(operator, left, right);
    }
  }

  private static TemplateException unsupported(String operator, Object left, Object right) {
    return new TemplateException(
        "cannot compute " + Py.kind(left) + " " + operator + " " + Py.kind(right));
  }

  private static long toLong(Object value) {
    return value instanceof Boolean flag ? (flag ? 1 : 0) : (Long) value;
  }
}
