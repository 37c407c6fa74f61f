package io.expertmesh.attention.core;

import io.expertmesh.protocol.core.ErrorCode;
import java.util.List;
import java.util.Objects;

/** What a request yields: prompt scores, routing and tokens, then exactly one {@link End}. */
public sealed interface TokenEvent {
  /** Room that the event takes in a buffer: tokens and alternatives in it. */
  int weight();

  /**
   * Some prompt tokens, in order, without gaps between events.
   *
   * @param firstPosition position of the first of them
   */
  record PromptScored(int firstPosition, List<ScoredToken> tokens) implements TokenEvent {
    public PromptScored {
      tokens = List.copyOf(tokens);
    }

    @Override
    public int weight() {
      int weight = 0;
      for (ScoredToken token : tokens) {
        weight += 1 + token.topIds().length;
      }
      return weight;
    }
  }

  /**
   * The experts of some tokens, prompt or generated, in order, without gaps between events. Those
   * of a token come before the token after it.
   *
   * @param firstPosition position of the first of them
   */
  record Routed(int firstPosition, List<TokenRouting> tokens) implements TokenEvent {
    public Routed {
      tokens = List.copyOf(tokens);
    }

    @Override
    public int weight() {
      int weight = 0;
      for (TokenRouting token : tokens) {
        weight += token.weight();
      }
      return weight;
    }
  }

  /** A generated token. */
  record Generated(ScoredToken token) implements TokenEvent {
    @Override
    public int weight() {
      return 1 + token.topIds().length;
    }
  }

  /** The last event. */
  sealed interface End extends TokenEvent {
    @Override
    default int weight() {
      return 0;
    }
  }

  /**
   * The request ran to its end.
   *
   * @param promptTokens ids of the prompt proper
   * @param cachedTokens of them found in the prefix cache
   * @param completionTokens generated ids, those of an earlier replica included
   * @param preemptions times the pages were taken for others
   */
  record Finished(
      FinishReason reason,
      int promptTokens,
      int cachedTokens,
      int completionTokens,
      int preemptions)
      implements End {}

  /** The request failed. */
  record Failed(ErrorCode code, String message) implements End {
    public Failed {
      Objects.requireNonNull(code, "code");
      Objects.requireNonNull(message, "message");
    }
  }
}
