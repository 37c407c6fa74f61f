package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.GenerationEnd;
import java.util.List;

/** A whole choice. */
record ChoiceText(
    String text,
    List<LoggedToken> tokens,
    List<RoutedToken> routing,
    GenerationEnd.Reason end,
    int[] promptIds) {
  ChoiceText {
    tokens = List.copyOf(tokens);
    routing = List.copyOf(routing);
  }

  /** All of it as if it had come at once. */
  ChoiceDelta all() {
    return new ChoiceDelta(text, tokens, routing, end);
  }
}
