package io.expertmesh.gateway.core.template;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An expression. */
sealed interface Expr {
  record Literal(Object value) implements Expr {}

  record Name(String name) implements Expr {}

  record Items(List<Expr> items, boolean tuple) implements Expr {}

  record Entries(List<Expr> keys, List<Expr> values) implements Expr {}

  record Attribute(Expr target, String name) implements Expr {}

  record Index(Expr target, Expr index) implements Expr {}

  record Slice(Expr target, @Nullable Expr from, @Nullable Expr to, @Nullable Expr step)
      implements Expr {}

  record Call(Expr target, List<Expr> positional, Map<String, Expr> named) implements Expr {}

  record Filter(Expr target, String name, List<Expr> positional, Map<String, Expr> named)
      implements Expr {}

  record Test(Expr target, String name, List<Expr> arguments, boolean negated) implements Expr {}

  record Not(Expr operand) implements Expr {}

  record Sign(Expr operand, boolean negative) implements Expr {}

  record Binary(String operator, Expr left, Expr right) implements Expr {}

  /** {@code and} and {@code or}: the value of one of the operands. */
  record Logic(boolean and, Expr left, Expr right) implements Expr {}

  /** {@code a < b <= c}: true if every neighbouring pair compares so. */
  record Compare(Expr first, List<String> operators, List<Expr> others) implements Expr {}

  record Conditional(Expr condition, Expr then, @Nullable Expr otherwise) implements Expr {}
}
