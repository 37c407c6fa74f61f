package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.GenerationEnd;
import java.util.List;

/** A whole choice. */
record ChoiceText(
    String text, List<LoggedToken> tokens, GenerationEnd.Reason end, int[] promptIds) {
  ChoiceText {
    tokens = List.copyOf(tokens);
  }
}
