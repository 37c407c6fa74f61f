package io.expertmesh.attention.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Keeps what a request yields. */
final class RecordingSink implements TokenSink {
  final List<ScoredToken> tokens = new ArrayList<>();
  final List<ScoredToken> prompt = new ArrayList<>();
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

  synchronized Optional<TokenEvent.End> end() {
    return ends.stream().findFirst();
  }
}
