package io.expertmesh.gateway.core.template;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Jinja's tests: {@code value is name}. */
final class Tests {
  private Tests() {}

  static boolean apply(String name, Object value, List<Object> arguments) {
    return switch (name) {
      case "defined" -> !(value instanceof Undefined);
      case "undefined" -> value instanceof Undefined;
      case "none" -> value == None.NONE;
      case "string" -> value instanceof String;
      case "boolean" -> value instanceof Boolean;
      case "number" -> Py.number(value);
      case "integer" -> value instanceof Long;
      case "float" -> value instanceof Double;
      case "mapping" -> value instanceof Map<?, ?>;
      case "sequence" ->
          value instanceof List<?> || value instanceof String || value instanceof Map<?, ?>;
      case "iterable" ->
          value instanceof List<?>
              || value instanceof String
              || value instanceof Map<?, ?>
              || value instanceof Undefined;
      case "callable" -> value instanceof Callable;
      case "true" -> Boolean.TRUE.equals(value);
      case "false" -> Boolean.FALSE.equals(value);
      case "odd" -> Math.floorMod((long) Py.toDouble(value), 2L) == 1;
      case "even" -> Math.floorMod((long) Py.toDouble(value), 2L) == 0;
      case "divisibleby" ->
          (long) Py.toDouble(value) % (long) Py.toDouble(first(name, arguments)) == 0;
      case "lower" -> Py.str(value).equals(Py.str(value).toLowerCase(Locale.ROOT));
      case "upper" -> Py.str(value).equals(Py.str(value).toUpperCase(Locale.ROOT));
      case "equalto", "eq", "==" -> Py.equal(value, first(name, arguments));
      case "ne", "!=" -> !Py.equal(value, first(name, arguments));
      case "sameas" -> same(value, first(name, arguments));
      case "in" -> Py.contains(first(name, arguments), value);
      case "lt", "lessthan", "<" -> Py.compare(value, first(name, arguments)) < 0;
      case "le", "<=" -> Py.compare(value, first(name, arguments)) <= 0;
      case "gt", "greaterthan", ">" -> Py.compare(value, first(name, arguments)) > 0;
      case "ge", ">=" -> Py.compare(value, first(name, arguments)) >= 0;
      default -> throw new TemplateException("unknown test '" + name + "'");
    };
  }

  private static boolean same(Object left, Object right) {
    return left.getClass() == right.getClass() && Py.equal(left, right);
  }

  private static Object first(String name, List<Object> arguments) {
    if (arguments.isEmpty()) {
      throw new TemplateException("the test '" + name + "' needs an argument");
    }
    return arguments.get(0);
  }
}
