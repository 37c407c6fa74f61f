package io.expertmesh.gateway.core.generation;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One sequence over all its attempts. Events of an attempt never overlap and the next attempt
 * begins after the last event of the one before, so all but {@link #current} is plain state.
 */
final class ResumingCall implements GenerationCall {
  private static final int RETRY_MILLIS = 25;
  private static final GenerationCall NOT_STARTED = () -> {};
  private static final GenerationCall CANCELLED = () -> {};

  private final GenerationSpec spec;
  private final GenerationListener listener;
  private final ReplicaBoard board;
  private final Timer timer;
  private final long patienceMillis;
  private final AtomicReference<GenerationCall> current = new AtomicReference<>(NOT_STARTED);
  private final Set<Replica> overloaded = new HashSet<>();

  private int[] ids = new int[16];
  private int count;
  private int promptScored;
  private int routed;
  private @Nullable ReplicaDescription begunOn;
  private long interruptedAt = Long.MIN_VALUE;

  ResumingCall(
      GenerationSpec spec,
      GenerationListener listener,
      ReplicaBoard board,
      Timer timer,
      long patienceMillis) {
    this.spec = spec;
    this.listener = listener;
    this.board = board;
    this.timer = timer;
    this.patienceMillis = patienceMillis;
  }

  void start() {
    attempt(Set.of());
  }

  @Override
  public void cancel() {
    current.getAndSet(CANCELLED).cancel();
  }

  private void attempt(Set<Replica> lost) {
    Set<Replica> avoid = new HashSet<>(overloaded);
    avoid.addAll(lost);
    Replica replica = board.choose(begunOn, avoid);
    if (replica == null) {
      waitForReplica();
      return;
    }
    Attempt attempt = new Attempt(replica);
    GenerationCall before = current.get();
    if (before == CANCELLED || !current.compareAndSet(before, attempt)) {
      return;
    }
    attempt.begin();
  }

  private void waitForReplica() {
    boolean interrupted = interruptedAt != Long.MIN_VALUE;
    long waitedMillis = interrupted ? (timer.nanos() - interruptedAt) / 1_000_000 : 0;
    if (!interrupted || waitedMillis >= patienceMillis || timer.nanos() >= spec.deadlineNanos()) {
      String trouble = board.trouble();
      listener.failed(
          new MeshException(
              ErrorCode.SERVICE_UNAVAILABLE,
              "No attention-service can take the request"
                  + (trouble.isEmpty() ? "." : ": " + trouble)));
      return;
    }
    timer.after(
        RETRY_MILLIS,
        () -> {
          if (current.get() != CANCELLED) {
            attempt(Set.of());
          }
        });
  }

  private void interrupted(Replica replica, MeshException failure) {
    replica.lost(String.valueOf(failure.getMessage()));
    if (interruptedAt == Long.MIN_VALUE) {
      interruptedAt = timer.nanos();
    }
    if (count > 0 && spec.endsWith(ids[count - 1], count)) {
      listener.finished(new GenerationEnd(GenerationEnd.Reason.STOP, 0));
    } else if (count > 0 && count >= spec.maxTokens()) {
      listener.finished(new GenerationEnd(GenerationEnd.Reason.LENGTH, 0));
    } else {
      attempt(Set.of(replica));
    }
  }

  /** One try on one replica. */
  private final class Attempt implements GenerationCall, GenerationListener {
    private final Replica replica;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile @Nullable GenerationCall call;
    private volatile boolean cancelled;

    Attempt(Replica replica) {
      this.replica = replica;
    }

    void begin() {
      replica.began();
      GenerationCall started =
          replica.engine().generate(spec.resumedAfter(ids, count, routed), this);
      call = started;
      if (cancelled) {
        started.cancel();
      }
    }

    @Override
    public void cancel() {
      cancelled = true;
      GenerationCall started = call;
      if (started != null) {
        started.cancel();
      }
      end();
    }

    private boolean end() {
      boolean first = over.compareAndSet(false, true);
      if (first) {
        replica.ended();
      }
      return first && !cancelled;
    }

    private void progressed() {
      begunOn = replica.description();
      interruptedAt = Long.MIN_VALUE;
    }

    @Override
    public void prompt(int firstPosition, List<ScoredToken> tokens) {
      int known = Math.min(tokens.size(), Math.max(0, promptScored - firstPosition));
      if (cancelled || known == tokens.size()) {
        return;
      }
      progressed();
      promptScored = firstPosition + tokens.size();
      listener.prompt(firstPosition + known, tokens.subList(known, tokens.size()));
    }

    @Override
    public void routing(int firstPosition, List<TokenRouting> tokens) {
      if (cancelled) {
        return;
      }
      if (firstPosition != routed) {
        throw new IllegalStateException(
            "the routing of position " + routed + " was due, not " + firstPosition);
      }
      progressed();
      routed += tokens.size();
      listener.routing(firstPosition, tokens);
    }

    @Override
    public void token(ScoredToken token) {
      if (cancelled) {
        return;
      }
      progressed();
      if (count == ids.length) {
        ids = Arrays.copyOf(ids, count * 2);
      }
      ids[count++] = token.id();
      listener.token(token);
    }

    @Override
    public void finished(GenerationEnd end) {
      if (end()) {
        listener.finished(end);
      }
    }

    @Override
    public void failed(MeshException failure) {
      if (!end()) {
        return;
      }
      switch (failure.code()) {
        case SERVICE_UNAVAILABLE, CANCELLED -> interrupted(replica, failure);
        case OVERLOADED -> {
          overloaded.add(replica);
          if (count == 0 && board.choose(begunOn, overloaded) != null) {
            attempt(Set.of());
          } else {
            listener.failed(failure);
          }
        }
        case INVALID_ARGUMENT,
            CONTEXT_LENGTH_EXCEEDED,
            EXPERT_UNAVAILABLE,
            DEADLINE_EXCEEDED,
            NON_FINITE,
            INTERNAL ->
            listener.failed(failure);
      }
    }
  }
}
