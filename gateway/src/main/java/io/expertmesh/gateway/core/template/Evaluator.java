package io.expertmesh.gateway.core.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Expressions to values. */
final class Evaluator {
  private final Budget budget;
  private final Filters filters;

  Evaluator(Budget budget) {
    this.budget = budget;
    this.filters = new Filters(this, budget);
  }

  Object value(Expr expression, Scope scope) {
    budget.step();
    return switch (expression) {
      case Expr.Literal literal -> literal.value();
      case Expr.Name name -> scope.get(name.name());
      case Expr.Items items -> {
        List<Object> values = values(items.items(), scope);
        yield items.tuple() ? new Tuple(values) : values;
      }
      case Expr.Entries entries -> entries(entries, scope);
      case Expr.Attribute attribute ->
          attribute(value(attribute.target(), scope), attribute.name());
      case Expr.Index index -> index(value(index.target(), scope), value(index.index(), scope));
      case Expr.Slice slice ->
          Sequences.slice(
              value(slice.target(), scope),
              optional(slice.from(), scope),
              optional(slice.to(), scope),
              optional(slice.step(), scope));
      case Expr.Call call -> call(call, scope);
      case Expr.Filter filter ->
          filters.apply(
              filter.name(),
              value(filter.target(), scope),
              arguments(filter.positional(), filter.named(), scope));
      case Expr.Test test ->
          Tests.apply(test.name(), value(test.target(), scope), values(test.arguments(), scope))
              != test.negated();
      case Expr.Not not -> !Py.truth(value(not.operand(), scope));
      case Expr.Sign sign -> {
        Object operand = value(sign.operand(), scope);
        yield sign.negative() ? Operators.negate(operand) : operand;
      }
      case Expr.Binary binary ->
          Operators.apply(
              binary.operator(), value(binary.left(), scope), value(binary.right(), scope), budget);
      case Expr.Logic logic -> {
        Object left = value(logic.left(), scope);
        yield Py.truth(left) == logic.and() ? value(logic.right(), scope) : left;
      }
      case Expr.Compare compare -> compare(compare, scope);
      case Expr.Conditional conditional -> {
        if (Py.truth(value(conditional.condition(), scope))) {
          yield value(conditional.then(), scope);
        }
        Object otherwise = optional(conditional.otherwise(), scope);
        yield otherwise == null ? new Undefined("inline if without else") : otherwise;
      }
    };
  }

  /** {@code target.name}: a method, then a key, then undefined. */
  Object attribute(Object target, String name) {
    Object found =
        switch (target) {
          case String text -> StringMethods.of(text, name, budget);
          case Map<?, ?> entries -> {
            Callable method = ContainerMethods.of(entries, name);
            yield method == null ? entries.get(name) : method;
          }
          case List<?> items -> ContainerMethods.of(items, name);
          case Namespace space -> space.fields().get(name);
          case Undefined missing ->
              throw new TemplateException("'" + missing.name() + "' is undefined");
          default -> null;
        };
    return found == null ? new Undefined(name) : found;
  }

  private Object index(Object target, Object key) {
    if (key instanceof String name && target instanceof Namespace) {
      return attribute(target, name);
    }
    Object found = Sequences.index(target, key);
    if (found instanceof Undefined
        && key instanceof String name
        && !(target instanceof Undefined)) {
      return attribute(target, name);
    }
    return found;
  }

  private Object call(Expr.Call call, Scope scope) {
    Object target = value(call.target(), scope);
    if (!(target instanceof Callable function)) {
      throw new TemplateException(Py.kind(target) + " cannot be called");
    }
    return function.call(arguments(call.positional(), call.named(), scope));
  }

  private CallArguments arguments(List<Expr> positional, Map<String, Expr> named, Scope scope) {
    Map<String, Object> byName = new LinkedHashMap<>();
    named.forEach((name, expression) -> byName.put(name, value(expression, scope)));
    return new CallArguments(values(positional, scope), byName);
  }

  private List<Object> values(List<Expr> expressions, Scope scope) {
    List<Object> values = new ArrayList<>(expressions.size());
    for (Expr expression : expressions) {
      values.add(value(expression, scope));
    }
    return values;
  }

  private Object entries(Expr.Entries entries, Scope scope) {
    Map<Object, Object> result = new LinkedHashMap<>();
    for (int i = 0; i < entries.keys().size(); i++) {
      result.put(value(entries.keys().get(i), scope), value(entries.values().get(i), scope));
    }
    return result;
  }

  private Object compare(Expr.Compare compare, Scope scope) {
    Object left = value(compare.first(), scope);
    for (int i = 0; i < compare.operators().size(); i++) {
      Object right = value(compare.others().get(i), scope);
      if (!holds(compare.operators().get(i), left, right)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private static boolean holds(String operator, Object left, Object right) {
    return switch (operator) {
      case "==" -> Py.equal(left, right);
      case "!=" -> !Py.equal(left, right);
      case "<" -> Py.compare(left, right) < 0;
      case "<=" -> Py.compare(left, right) <= 0;
      case ">" -> Py.compare(left, right) > 0;
      case ">=" -> Py.compare(left, right) >= 0;
      case "in" -> Py.contains(right, left);
      case "not in" -> !Py.contains(right, left);
      default -> throw new TemplateException("unknown comparison " + operator);
    };
  }

  private @Nullable Object optional(@Nullable Expr expression, Scope scope) {
    return expression == null ? null : value(expression, scope);
  }
}
