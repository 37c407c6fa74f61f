package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.GenerationEnd.Reason;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a choice gained.
 *
 * @param text shown from now on
 * @param tokens whose text is out from now on
 * @param end set on the last delta
 */
public record ChoiceDelta(String text, List<LoggedToken> tokens, @Nullable Reason end) {
  public ChoiceDelta {
    tokens = List.copyOf(tokens);
  }

  /** Whether there is nothing to tell. */
  public boolean isEmpty() {
    return text.isEmpty() && tokens.isEmpty() && end == null;
  }
}
