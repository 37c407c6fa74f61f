package io.expertmesh.attention.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Keeps what a request yields. */
final class RecordingSink implements TokenSink {
  final List<ScoredToken> tokens = new ArrayList<>();
  final List<ScoredToken> prompt = new ArrayList<>();
  final List<TokenRouting> routed = new ArrayList<>();
  int firstRouted;
  final List<TokenEvent.End> ends = new ArrayList<>();

  @Override
  public synchronized boolean accept(TokenEvent event) {
    if (!ends.isEmpty()) {
      throw new IllegalStateException(event + " after the end");
    }
    switch (event) {
      case TokenEvent.Generated generated -> tokens.add(generated.token());
      case TokenEvent.PromptScored scored -> {
        if (scored.firstPosition() != prompt.size()) {
          throw new IllegalStateException("gap before position " + scored.firstPosition());
        }
        prompt.addAll(scored.tokens());
      }
      case TokenEvent.Routed routed -> {
        if (this.routed.isEmpty()) {
          firstRouted = routed.firstPosition();
        } else if (routed.firstPosition() != firstRouted + this.routed.size()) {
          throw new IllegalStateException("gap before position " + routed.firstPosition());
        }
        this.routed.addAll(routed.tokens());
      }
      case TokenEvent.End end -> ends.add(end);
    }
    return true;
  }

  @Override
  public boolean congested() {
    return false;
  }

  List<Integer> ids() {
    return tokens.stream().map(ScoredToken::id).toList();
  }

  /** The bits of all log-probabilities, for comparing. */
  List<Integer> bits() {
    List<Integer> bits = new ArrayList<>();
    for (List<ScoredToken> list : List.of(prompt, tokens)) {
      for (ScoredToken token : list) {
        bits.add(token.id());
        token.logprob().ifPresent(p -> bits.add(Float.floatToRawIntBits((float) p)));
        for (int i = 0; i < token.topIds().length; i++) {
          bits.add(token.topIds()[i]);
          bits.add(Float.floatToRawIntBits(token.topLogprobs()[i]));
        }
      }
    }
    return bits;
  }

  /** Experts and the bits of their weights, token by token, for comparing. */
  List<List<Integer>> routing() {
    return routed.stream().map(RecordingSink::bits).toList();
  }

  private static List<Integer> bits(TokenRouting token) {
    List<Integer> bits = new ArrayList<>();
    for (int[] part :
        List.of(token.counts(), token.experts(), token.droppedCounts(), token.dropped())) {
      bits.add(part.length);
      Arrays.stream(part).forEach(bits::add);
    }
    for (float[] part : List.of(token.weights(), token.droppedWeights())) {
      for (float weight : part) {
        bits.add(Float.floatToRawIntBits(weight));
      }
    }
    return bits;
  }

  synchronized Optional<TokenEvent.End> end() {
    return ends.stream().findFirst();
  }
}
