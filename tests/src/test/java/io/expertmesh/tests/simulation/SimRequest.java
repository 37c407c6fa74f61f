package io.expertmesh.tests.simulation;

import io.expertmesh.attention.core.FinishReason;
import io.expertmesh.attention.core.GenerationRequest;
import io.expertmesh.attention.core.Outbox;
import io.expertmesh.attention.core.ScoredToken;
import io.expertmesh.attention.core.Sequence;
import io.expertmesh.attention.core.TokenEvent;
import io.expertmesh.protocol.core.ErrorCode;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One request with its reader: compares every event with the direct computation as it comes, and
 * holds that the request ends exactly once and for a reason.
 */
final class SimRequest {
  /** How late a step that holds a late request may be. */
  static final long LATENESS = 3_000_000_000L;

  private static final int BUFFER = 200;

  private final Timeline timeline;
  private final RandomGenerator random;
  private final GenerationRequest request;
  private final Expected expected;
  private final Outbox outbox;
  private @Nullable Sequence sequence;
  private int scores;
  private int tokens;
  private boolean stalled;
  private boolean cancelled;
  private boolean reading;
  private boolean ended;
  private @Nullable ErrorCode failure;

  SimRequest(
      Timeline timeline, RandomGenerator random, GenerationRequest request, Expected expected) {
    this.timeline = timeline;
    this.random = random;
    this.request = request;
    this.expected = expected;
    this.outbox = new Outbox(BUFFER, this::arrived);
  }

  GenerationRequest request() {
    return request;
  }

  Expected expected() {
    return expected;
  }

  Outbox sink() {
    return outbox;
  }

  String id() {
    return request.requestId();
  }

  boolean ended() {
    return ended;
  }

  @Nullable ErrorCode failure() {
    return failure;
  }

  @Nullable Sequence sequence() {
    return sequence;
  }

  void admitted(Sequence taken) {
    sequence = taken;
  }

  /** True if nothing but the mesh could keep it from being finished. */
  boolean mustComplete(long quietAt) {
    return !cancelled && !stalled && request.deadlineNanos() > quietAt + LATENESS;
  }

  void cancelledByClient() {
    cancelled = true;
  }

  /** Its reader stops reading for a while. */
  void stall(long nanos) {
    if (stalled || ended) {
      return;
    }
    stalled = true;
    reading = true;
    timeline.after(nanos, id() + " reads again", this::read);
  }

  /** It was turned away at the door. */
  void refused(ErrorCode code) {
    end(code);
  }

  private void arrived() {
    if (!reading) {
      reading = true;
      timeline.after(1 + random.nextLong(100_000), id() + " reads", this::read);
    }
  }

  private void read() {
    reading = false;
    for (TokenEvent event = outbox.poll(); event != null; event = outbox.poll()) {
      Violation.unless(!ended, "%s got an event after its end: %s", id(), event);
      switch (event) {
        case TokenEvent.PromptScored scored -> scored(scored);
        case TokenEvent.Routed _ ->
            Violation.unless(false, "%s was told experts that it did not ask for", id());
        case TokenEvent.Generated generated -> generated(generated.token());
        case TokenEvent.Finished finished -> finished(finished);
        case TokenEvent.Failed failed -> failed(failed);
      }
    }
  }

  private void scored(TokenEvent.PromptScored event) {
    Violation.unless(
        event.firstPosition() == scores,
        () -> id() + " got scores from " + event.firstPosition() + ", it had " + scores);
    for (ScoredToken token : event.tokens()) {
      check(token, scores);
      scores++;
    }
    Violation.unless(
        scores <= request.promptLength(),
        () -> id() + " got more scores than its prompt has tokens");
  }

  private void generated(ScoredToken token) {
    int position = request.promptIds().length + tokens;
    Violation.unless(
        position < expected.ids().length,
        () -> id() + " got token " + token.id() + " after its last position " + (position - 1));
    check(token, position);
    tokens++;
  }

  private void check(ScoredToken token, int position) {
    Violation.unless(
        token.id() == expected.ids()[position],
        "%s position %d: token %d, must be %d",
        id(),
        position,
        token.id(),
        expected.ids()[position]);
    if (token.logprob().isPresent()) {
      double wanted = expected.logprob(position - 1);
      Violation.unless(
          token.logprob().getAsDouble() == wanted,
          "%s position %d: log-probability %s, must be %s",
          id(),
          position,
          token.logprob().getAsDouble(),
          wanted);
    }
  }

  private void finished(TokenEvent.Finished end) {
    int output = expected.ids().length - request.promptLength();
    Violation.unless(
        request.promptIds().length + tokens == expected.ids().length
            && end.completionTokens() == output,
        "%s finished with %d tokens (said %d), must be %d",
        id(),
        request.generated() + tokens,
        end.completionTokens(),
        output);
    Violation.unless(
        scores == (request.promptLogprobs().isPresent() ? request.promptLength() : 0),
        () -> id() + " finished with " + scores + " scores");
    FinishReason reason = expected.stopped() ? FinishReason.STOP : FinishReason.LENGTH;
    Violation.unless(end.reason() == reason, () -> id() + " finished by " + end.reason());
    end(null);
  }

  private void failed(TokenEvent.Failed event) {
    boolean late = timeline.now() >= request.deadlineNanos();
    boolean just =
        switch (event.code()) {
          case DEADLINE_EXCEEDED, EXPERT_UNAVAILABLE, SERVICE_UNAVAILABLE, OVERLOADED -> late;
          case CANCELLED -> cancelled || stalled;
          case NON_FINITE, INTERNAL, INVALID_ARGUMENT, CONTEXT_LENGTH_EXCEEDED -> false;
        };
    Violation.unless(just, () -> id() + " failed without cause: " + event);
    end(event.code());
  }

  private void end(@Nullable ErrorCode code) {
    Violation.unless(!ended, () -> id() + " ended twice");
    ended = true;
    failure = code;
  }
}
