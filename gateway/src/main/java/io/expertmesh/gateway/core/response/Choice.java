package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.GenerationEnd;
import io.expertmesh.gateway.core.generation.GenerationSpec;
import io.expertmesh.gateway.core.generation.ScoredToken;
import io.expertmesh.gateway.core.generation.TokenRouting;
import io.expertmesh.gateway.core.text.IdsOnly;
import io.expertmesh.gateway.core.text.IncrementalDetokenizer;
import io.expertmesh.gateway.core.text.StopMatcher;
import io.expertmesh.gateway.core.text.TokenDecoder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One choice of an answer, from tokens to text: detokenizes, holds back what may become a stop
 * string, leaves out the stop id, keeps the place of every token. Not thread-safe.
 */
final class Choice {
  private final GenerationSpec spec;
  private final TokenDecoder decoder;
  private final IncrementalDetokenizer detokenizer;
  private final StopMatcher stops;
  private final @Nullable String echo;
  private final List<ScoredToken> prompt = new ArrayList<>();
  private final Deque<Pending> pending = new ArrayDeque<>();
  private final RoutingTrail trail;

  private int produced;
  private int emitted;
  private int count;
  private boolean promptShown;
  private @Nullable ScoredToken last;

  /**
   * @param stopStrings text that ends the choice
   * @param echo text of the prompt if the answer begins with it, else null
   */
  Choice(
      GenerationSpec spec, TokenDecoder decoder, List<String> stopStrings, @Nullable String echo) {
    this.spec = spec;
    this.decoder = decoder;
    // Printed ids are no text that goes on from the prompt.
    boolean goesOn = decoder != IdsOnly.INSTANCE || echo != null;
    this.detokenizer = new IncrementalDetokenizer(decoder, goesOn ? spec.promptIds() : new int[0]);
    this.stops = new StopMatcher(stopStrings);
    this.echo = echo;
    this.trail = new RoutingTrail(spec.promptIds());
  }

  /** A token whose text is not entirely out. */
  private record Pending(ScoredToken token, int start, int end) {}

  /** Generated tokens so far. */
  int count() {
    return count;
  }

  /** Whether a stop string ended the choice before the engine did. */
  boolean stopped() {
    return stops.matched();
  }

  void prompt(List<ScoredToken> tokens) {
    prompt.addAll(tokens);
  }

  void routing(List<TokenRouting> tokens) {
    trail.add(tokens);
  }

  ChoiceDelta token(ScoredToken token) {
    Output output = new Output();
    showPrompt(output);
    flushLast(output);
    count++;
    if (spec.endsWith(token.id(), count)) {
      last = token;
    } else {
      take(token, detokenizer.push(token.id()), output);
    }
    return output.delta(stops.matched() ? GenerationEnd.Reason.STOP : null);
  }

  ChoiceDelta finished(GenerationEnd.Reason reason) {
    Output output = new Output();
    showPrompt(output);
    if (reason == GenerationEnd.Reason.LENGTH) {
      flushLast(output);
    }
    show(detokenizer.finish(), output);
    if (!stops.matched()) {
      emit(stops.finish(), output);
    }
    ScoredToken stopToken = last;
    if (stopToken != null && !stops.matched()) {
      pending.add(new Pending(stopToken, emitted, emitted));
      last = null;
    }
    release(Integer.MAX_VALUE, output);
    return output.delta(stops.matched() ? GenerationEnd.Reason.STOP : reason);
  }

  /** A stop id that turned out not to be the end is text like any other. */
  private void flushLast(Output output) {
    ScoredToken token = last;
    if (token != null) {
      last = null;
      take(token, detokenizer.push(token.id()), output);
    }
  }

  private void take(ScoredToken token, String piece, Output output) {
    int start = produced;
    pending.add(new Pending(token, start, start + codePoints(piece)));
    show(piece, output);
  }

  private void show(String piece, Output output) {
    produced += codePoints(piece);
    emit(count <= spec.minTokens() ? stops.pass(piece) : stops.push(piece), output);
    release(emitted, output);
  }

  private void emit(String text, Output output) {
    emitted += codePoints(text);
    output.text.append(text);
  }

  /** Lets tokens go whose text is out; after a stop string those of the stop string never go. */
  private void release(int upTo, Output output) {
    boolean cut = stops.matched();
    while (!pending.isEmpty()) {
      Pending first = pending.getFirst();
      boolean out = cut ? first.start() < emitted : first.end() <= upTo;
      if (!out) {
        return;
      }
      output.tokens.add(new LoggedToken(first.token(), first.start()));
      if (spec.routingFrom() != null) {
        trail.show(first.token().id());
      }
      pending.removeFirst();
    }
  }

  private void showPrompt(Output output) {
    if (promptShown || echo == null) {
      return;
    }
    promptShown = true;
    output.text.append(echo);
    IncrementalDetokenizer pieces = new IncrementalDetokenizer(decoder, new int[0]);
    int offset = 0;
    for (ScoredToken token : prompt) {
      output.tokens.add(new LoggedToken(token, offset));
      offset += codePoints(pieces.push(token.id()));
    }
    prompt.clear();
    produced = codePoints(echo);
    emitted = produced;
  }

  private static int codePoints(String text) {
    return text.codePointCount(0, text.length());
  }

  /** What one event adds. */
  private final class Output {
    private final StringBuilder text = new StringBuilder();
    private final List<LoggedToken> tokens = new ArrayList<>();

    ChoiceDelta delta(GenerationEnd.@Nullable Reason end) {
      return new ChoiceDelta(text.toString(), tokens, trail.take(), end);
    }
  }
}
