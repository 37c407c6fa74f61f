package io.expertmesh.attention.core;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Decides what every step computes: continuous batching with chunked prefill (Yu et al. 2022;
 * Agrawal et al. 2023) over paged memory. A pure state machine: the time is an argument, nothing
 * blocks, one thread.
 *
 * <pre>
 *   submit ─▶ WAITING ─admission─▶ RUNNING ◀─backoff over─ PARKED
 *                ▲                  │  │                     ▲
 *                └───preemption─────┘  └─expert unavailable──┘
 *   any state ─ done, cancelled, late, failed ─▶ FINISHED (once; pages are back at that moment)
 * </pre>
 *
 * <p>Order is by arrival everywhere. Sequences that decode come first in every step, so a long
 * prompt delays them by no more than a prefill chunk. When pages are short the sequence admitted
 * last gives up all of its own and is computed again later; the first admitted one always advances.
 *
 * <p>Where a model needs prompts whole, a prompt is one chunk, also beside sequences that decode,
 * and waits for a step with room for it; nobody overtakes it.
 */
public final class Scheduler {
  private static final long FIRST_BACKOFF_NANOS = 5_000_000;
  private static final int MAX_BACKOFF_DOUBLINGS = 5;

  private final SchedulerLimits limits;
  private final PagePool pool;
  private final int[] eosIds;
  private final boolean whole;
  private final int wholeRows;
  private final Consumer<Sequence> ended;
  private final TreeSet<Sequence> waiting = new TreeSet<>(Sequence.BY_ARRIVAL);
  private final List<Sequence> admitted = new ArrayList<>();
  private long arrivals;
  private long preemptions;

  /** A scheduler that may take prompts apart. */
  public Scheduler(SchedulerLimits limits, PagePool pool, int[] eosIds, Consumer<Sequence> ended) {
    this(limits, pool, eosIds, OptionalInt.empty(), ended);
  }

  /**
   * @param eosIds ids that end a sequence unless its request ignores them
   * @param wholeRows as {@link StepModel#wholeRows}
   * @param ended told about every sequence once, at the moment it ends
   */
  public Scheduler(
      SchedulerLimits limits,
      PagePool pool,
      int[] eosIds,
      OptionalInt wholeRows,
      Consumer<Sequence> ended) {
    this.limits = Objects.requireNonNull(limits, "limits");
    this.pool = Objects.requireNonNull(pool, "pool");
    this.eosIds = eosIds.clone();
    this.ended = Objects.requireNonNull(ended, "ended");
    this.whole = wholeRows.isPresent();
    this.wholeRows = whole ? Math.min(wholeRows.getAsInt(), limits.wholeRows()) : Integer.MAX_VALUE;
  }

  /**
   * Takes a request that {@link RequestRules} accept.
   *
   * @throws MeshException OVERLOADED if the queue is full; CONTEXT_LENGTH_EXCEEDED if the request
   *     would not fit into the pages even alone
   */
  public Sequence submit(GenerationRequest request) {
    if (waiting.size() >= limits.maxQueue()) {
      throw overloaded(limits.maxQueue());
    }
    long tokens = (long) request.promptLength() + request.maxTokens();
    if (tokens > (long) pool.capacity() * io.expertmesh.model.kernel.KvLayout.PAGE_TOKENS) {
      throw new MeshException(
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          "prompt_ids and max_tokens come to "
              + tokens
              + " tokens, more than the key-value pages hold");
    }
    Sequence sequence = new Sequence(arrivals++, request, eosIds, whole, pool);
    waiting.add(sequence);
    return sequence;
  }

  static MeshException overloaded(int limit) {
    return new MeshException(
        ErrorCode.OVERLOADED, "the queue of " + limit + " waiting requests is full, retry in 1 s");
  }

  /**
   * Ends a sequence; one that is in the running step keeps its pages until its chunk is settled.
   */
  public void cancel(Sequence sequence, String why) {
    end(sequence, new Outcome.Failed(ErrorCode.CANCELLED, why));
  }

  /** Fails every sequence that is left, those of an unsettled step too. Only for stopping. */
  public void failAll(ErrorCode code, String message) {
    for (Sequence sequence : all()) {
      sequence.inStep(false);
      end(sequence, new Outcome.Failed(code, message));
    }
  }

  /** Chooses the work of the next step; every chunk of it must be settled before the next plan. */
  public StepPlan plan(long now) {
    settleWithoutWork(now);
    List<Chunk> chunks = new ArrayList<>();
    int decodes = planDecodes(chunks);
    int room = limits.maxBatchTokens() - decodes;
    int budget = decodes > 0 && !whole ? Math.min(room, limits.prefillChunk()) : room;
    budget = planPrefills(chunks, budget);
    admit(chunks, budget, now);
    for (Chunk chunk : chunks) {
      chunk.sequence().inStep(true);
    }
    return StepPlan.of(chunks);
  }

  /**
   * A chunk was computed.
   *
   * @return false if the sequence was cancelled meanwhile and has ended now
   */
  public boolean completed(Chunk chunk) {
    if (!settle(chunk)) {
      return false;
    }
    chunk.sequence().advance(chunk.end());
    return true;
  }

  /** Log-probabilities of the first {@code positions} prompt tokens were given out. */
  public void scored(Sequence sequence, int positions) {
    sequence.scoredUpTo(positions);
    endIfDone(sequence);
  }

  /** The experts of the first {@code positions} tokens were told. */
  public void routed(Sequence sequence, int positions) {
    sequence.routedUpTo(positions);
    endIfDone(sequence);
  }

  /** The next token was chosen. */
  public void append(Sequence sequence, int id) {
    sequence.append(id);
    endIfDone(sequence);
  }

  /**
   * A chunk could not be computed now; it is tried again after a backoff. A sequence that has
   * waited for an expert as long as it may ends instead.
   */
  public void park(Chunk chunk, ErrorCode code, String detail, long now) {
    if (settle(chunk)) {
      Sequence sequence = chunk.sequence();
      int doublings = Math.min(sequence.blockedTimes(), MAX_BACKOFF_DOUBLINGS);
      sequence.park(code, detail, now, now + (FIRST_BACKOFF_NANOS << doublings));
      if (code == ErrorCode.EXPERT_UNAVAILABLE
          && now - sequence.blockedSince() >= limits.expertWaitNanos()) {
        end(sequence, new Outcome.Failed(code, "no replica has it now: " + detail));
      }
    }
  }

  /** A chunk can never be computed. */
  public void fail(Chunk chunk, ErrorCode code, String message) {
    if (settle(chunk)) {
      end(chunk.sequence(), new Outcome.Failed(code, message));
    }
  }

  /** When {@link #plan} may have something to do though nothing happened; MAX_VALUE if never. */
  public long nextWake(long now) {
    long wake = Long.MAX_VALUE;
    for (Sequence sequence : waiting) {
      wake = Math.min(wake, sequence.request().deadlineNanos());
      // parked, then preempted: nobody else may be there to step when its backoff is over
      if (sequence.notBefore() > now) {
        wake = Math.min(wake, sequence.notBefore());
      }
    }
    for (Sequence sequence : admitted) {
      wake = Math.min(wake, sequence.request().deadlineNanos());
      if (sequence.state() == SequenceState.PARKED) {
        wake = Math.min(wake, sequence.notBefore());
      }
    }
    return wake;
  }

  /** Requests without pages. */
  public int waitingCount() {
    return waiting.size();
  }

  /** Sequences with pages, parked ones included. */
  public int admittedCount() {
    return admitted.size();
  }

  /** Sequences whose pages were taken for others, over all time. */
  public long preemptions() {
    return preemptions;
  }

  /** Every sequence that has not ended. */
  public List<Sequence> all() {
    List<Sequence> all = new ArrayList<>(admitted);
    all.addAll(waiting);
    return all;
  }

  private void settleWithoutWork(long now) {
    for (Sequence sequence : all()) {
      if (sequence.inStep()) {
        throw new IllegalStateException("a chunk of the last step was not settled: " + sequence);
      }
      if (now >= sequence.request().deadlineNanos()) {
        end(sequence, sequence.lateness());
      } else if (!sequence.samples() && sequence.remaining() == 0) {
        end(sequence, done(sequence));
      } else if (sequence.state() == SequenceState.PARKED && sequence.notBefore() <= now) {
        sequence.unpark();
      }
    }
  }

  private int planDecodes(List<Chunk> chunks) {
    int decodes = 0;
    for (Sequence sequence : List.copyOf(admitted)) {
      if (sequence.state() != SequenceState.RUNNING
          || sequence.paused()
          || sequence.remaining() != 1) {
        continue;
      }
      if (makeRoom(sequence)) {
        chunks.add(Chunk.of(sequence, 1));
        decodes++;
      }
    }
    return decodes;
  }

  /** Gets the sequence a page for its next position, from later ones if need be. */
  private boolean makeRoom(Sequence sequence) {
    while (!sequence.table().grow(sequence.computed() + 1)) {
      Sequence victim = victim();
      preempt(victim);
      if (victim == sequence) {
        return false;
      }
    }
    return true;
  }

  /** A parked sequence if there is one, else whichever was admitted last. */
  private Sequence victim() {
    for (int i = admitted.size() - 1; i >= 0; i--) {
      if (admitted.get(i).state() == SequenceState.PARKED) {
        return admitted.get(i);
      }
    }
    return admitted.getLast();
  }

  private void preempt(Sequence victim) {
    admitted.remove(victim);
    victim.preempt();
    waiting.add(victim);
    preemptions++;
  }

  private int planPrefills(List<Chunk> chunks, int budget) {
    int left = budget;
    for (Sequence sequence : admitted) {
      if (left == 0) {
        break;
      }
      if (sequence.state() == SequenceState.RUNNING
          && !sequence.paused()
          && sequence.remaining() > 1) {
        if (sequence.together() > left) {
          return 0;
        }
        int count = chunkSize(sequence, left);
        chunks.add(Chunk.of(sequence, count));
        left -= count;
      }
    }
    return left;
  }

  private void admit(List<Chunk> chunks, int budget, long now) {
    int left = budget;
    for (Sequence sequence : List.copyOf(waiting)) {
      if (left == 0 || admitted.size() >= limits.maxSequences()) {
        return;
      }
      if (sequence.notBefore() > now || sequence.paused()) {
        continue;
      }
      if (sequence.together() > left || !tryAdmit(sequence)) {
        return;
      }
      int count = chunkSize(sequence, left);
      chunks.add(Chunk.of(sequence, count));
      left -= count;
    }
  }

  private int chunkSize(Sequence sequence, int left) {
    int most = Math.min(sequence.chunkLimit(), wholeRows);
    return Math.min(Math.min(left, sequence.remaining()), Math.max(most, sequence.together()));
  }

  private boolean tryAdmit(Sequence sequence) {
    PageTable table = sequence.table();
    int reused = table.reuse(sequence.ids(), sequence.reusable());
    int wanted = PageTable.pagesFor(sequence.target()) - table.count();
    // INVARIANT: every running sequence can take at least one more page right after an admission,
    // so that admitting does not lead straight to preempting.
    int reserve = admitted.size();
    if (wanted + reserve > pool.available() || !table.grow(sequence.target())) {
      table.release();
      return false;
    }
    waiting.remove(sequence);
    sequence.admit(reused);
    admitted.add(sequence);
    return true;
  }

  private boolean settle(Chunk chunk) {
    Sequence sequence = chunk.sequence();
    sequence.inStep(false);
    @Nullable Outcome pending = sequence.pendingOutcome();
    if (pending != null && sequence.state() != SequenceState.FINISHED) {
      end(sequence, pending);
    }
    return sequence.state() != SequenceState.FINISHED;
  }

  private void endIfDone(Sequence sequence) {
    if (!sequence.unfinished()) {
      end(sequence, done(sequence));
    }
  }

  private static Outcome done(Sequence sequence) {
    return new Outcome.Completed(sequence.stopped() ? FinishReason.STOP : FinishReason.LENGTH);
  }

  private void end(Sequence sequence, Outcome outcome) {
    if (sequence.state() == SequenceState.FINISHED) {
      return;
    }
    if (sequence.inStep()) {
      sequence.pendingOutcome(outcome);
      return;
    }
    waiting.remove(sequence);
    admitted.remove(sequence);
    sequence.end(outcome);
    ended.accept(sequence);
  }
}
