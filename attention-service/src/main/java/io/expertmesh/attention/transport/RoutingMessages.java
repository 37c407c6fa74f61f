package io.expertmesh.attention.transport;

import io.expertmesh.attention.core.TokenEvent;
import io.expertmesh.attention.core.TokenRouting;
import io.expertmesh.protocol.v1.GenerateEvent;
import io.expertmesh.protocol.v1.RoutedTokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The experts of tokens as Generation messages. */
final class RoutingMessages {
  /** Values of one message, of at most 8 bytes each: well below 1 MiB. */
  private static final int MAX_VALUES = 32_768;

  private RoutingMessages() {}

  static List<GenerateEvent> events(TokenEvent.Routed routed) {
    List<GenerateEvent> events = new ArrayList<>();
    RoutedTokens.Builder message =
        RoutedTokens.newBuilder().setFirstPosition(routed.firstPosition());
    int values = 0;
    for (TokenRouting token : routed.tokens()) {
      int more = 2 * (token.counts().length + token.experts().length + token.dropped().length);
      if (values > 0 && values + more > MAX_VALUES) {
        int next = message.getFirstPosition() + message.getTokensCount();
        events.add(GenerateEvent.newBuilder().setRouting(message).build());
        message = RoutedTokens.newBuilder().setFirstPosition(next);
        values = 0;
      }
      message.addTokens(token(token));
      values += more;
    }
    events.add(GenerateEvent.newBuilder().setRouting(message).build());
    return events;
  }

  private static io.expertmesh.protocol.v1.TokenRouting token(TokenRouting token) {
    var message = io.expertmesh.protocol.v1.TokenRouting.newBuilder();
    Arrays.stream(token.counts()).forEach(message::addCounts);
    Arrays.stream(token.experts()).forEach(message::addExperts);
    for (float weight : token.weights()) {
      message.addWeights(weight);
    }
    if (token.dropped().length > 0) {
      Arrays.stream(token.droppedCounts()).forEach(message::addDroppedCounts);
      Arrays.stream(token.dropped()).forEach(message::addDroppedExperts);
      for (float weight : token.droppedWeights()) {
        message.addDroppedWeights(weight);
      }
    }
    return message.build();
  }
}
