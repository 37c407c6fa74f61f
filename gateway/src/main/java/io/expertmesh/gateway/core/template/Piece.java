package io.expertmesh.gateway.core.template;

import java.util.List;

/** What a template's source consists of. */
sealed interface Piece {
  /** Text as it stands, whitespace control applied. */
  record Text(String text) implements Piece {}

  /** {@code {{ … }}}. */
  record Output(List<Token> tokens) implements Piece {}

  /** {@code {% … %}}. */
  record Tag(List<Token> tokens) implements Piece {}
}
