package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.GenerationEnd.Reason;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a choice gained.
 *
 * @param text shown from now on
 * @param tokens whose text is out from now on
 * @param routing of tokens, prompt's or shown ones, that is known from now on
 * @param end set on the last delta
 */
public record ChoiceDelta(
    String text, List<LoggedToken> tokens, List<RoutedToken> routing, @Nullable Reason end) {
  /** Bounds the routing of one event of a stream. */
  private static final int MAX_CHOICES = 4096;

  public ChoiceDelta {
    tokens = List.copyOf(tokens);
    routing = List.copyOf(routing);
  }

  /** The same in pieces, each with a bounded amount of routing; the last one has all the rest. */
  List<ChoiceDelta> pieces() {
    List<ChoiceDelta> pieces = new ArrayList<>();
    int from = 0;
    int choices = 0;
    for (int i = 0; i < routing.size(); i++) {
      choices += routing.get(i).routing().choices();
      if (choices > MAX_CHOICES && i > from) {
        pieces.add(new ChoiceDelta("", List.of(), routing.subList(from, i), null));
        from = i;
        choices = routing.get(i).routing().choices();
      }
    }
    pieces.add(new ChoiceDelta(text, tokens, routing.subList(from, routing.size()), end));
    return pieces;
  }

  /** Whether there is nothing to tell. */
  public boolean isEmpty() {
    return text.isEmpty() && tokens.isEmpty() && routing.isEmpty() && end == null;
  }
}
