package io.expertmesh.gateway.core.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement. */
sealed interface Stmt {
  record Text(String text) implements Stmt {}

  record Output(Expr value) implements Stmt {}

  /** Branches in order; the condition of {@code else} is null. */
  record If(List<Branch> branches) implements Stmt {}

  record Branch(@Nullable Expr condition, List<Stmt> body) {}

  record For(
      List<String> names, Expr items, @Nullable Expr filter, List<Stmt> body, List<Stmt> otherwise)
      implements Stmt {}

  /** Names to assign to, or the name and the attribute of a namespace. */
  record Set(List<String> names, @Nullable String attribute, Expr value) implements Stmt {}

  record SetBlock(String name, List<Stmt> body) implements Stmt {}

  record Macro(String name, List<String> parameters, List<@Nullable Expr> defaults, List<Stmt> body)
      implements Stmt {}

  /** A part that training tools mark; here its body only. */
  record Part(List<Stmt> body) implements Stmt {}

  record Break() implements Stmt {}

  record Continue() implements Stmt {}
}
