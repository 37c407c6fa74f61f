package io.expertmesh.expert.core;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be computed. A state machine without threads, clocks or locks: one caller at a
 * time.
 *
 * <p>A call is cut into its pairs, and pairs wait per block, whoever sent them. {@link #takeNext}
 * takes the block whose oldest pair has waited longest, and with it everything that waits for that
 * block: while one batch is computed the next one gathers, so batches grow with the load and no
 * timer is needed.
 *
 * <p>Invariants, after every operation:
 *
 * <ul>
 *   <li>an admitted call ends exactly once and is then handed out by {@link #pollEnded} exactly
 *       once; a refused call ends at once and is not handed out;
 *   <li>a pair of an admitted call is put into exactly one batch, or into none if its call ended
 *       before;
 *   <li>{@code waitingPairs} is the sum of the pairs of live calls that are in no batch, {@code
 *       runningPairs} the size of the batches that were taken and not given back; their sum is at
 *       most the limit;
 *   <li>a call whose deadline has passed is never started, nor are further pairs of it.
 * </ul>
 */
public final class BatchQueue {
  private final int maxPairs;
  private final PairRing[] rings;
  private final PriorityQueue<PairRing> ready =
      new PriorityQueue<>(Comparator.comparingLong(PairRing::oldest));
  private final Set<ComputeCall> live = new LinkedHashSet<>();
  private final ArrayDeque<ComputeCall> ended = new ArrayDeque<>();
  private long arrivals;
  private int waitingPairs;
  private int runningPairs;
  private boolean draining;

  /**
   * @param blocks number of blocks of the shard
   * @param maxPairs most pairs that wait and run together
   */
  public BatchQueue(int blocks, int maxPairs) {
    if (blocks < 1 || maxPairs < 1) {
      throw new IllegalArgumentException(
          "a queue of " + blocks + " blocks and " + maxPairs + " pairs");
    }
    this.maxPairs = maxPairs;
    rings = new PairRing[blocks];
    for (int block = 0; block < blocks; block++) {
      rings[block] = new PairRing(block);
    }
  }

  /**
   * Admits a call, or refuses it at once.
   *
   * @return true if it was admitted; otherwise it has ended and says why
   */
  public boolean offer(ComputeCall call, long nowNanos) {
    if (draining) {
      call.end(CallOutcome.DRAINING, "The replica is leaving and takes no new calls.", nowNanos);
      return false;
    }
    if (call.isExpired(nowNanos)) {
      call.end(
          CallOutcome.DEADLINE_EXCEEDED,
          "The deadline had passed when the call arrived.",
          nowNanos);
      return false;
    }
    if (call.pairs() > maxPairs - waitingPairs - runningPairs) {
      call.end(
          CallOutcome.OVERLOADED,
          "The queue holds %d pairs, the limit is %d, and the call has %d."
              .formatted(waitingPairs + runningPairs, maxPairs, call.pairs()),
          nowNanos);
      return false;
    }
    call.admitted(nowNanos);
    live.add(call);
    waitingPairs += call.pairs();
    for (int pair = 0; pair < call.pairs(); pair++) {
      PairRing ring = rings[call.block(pair)];
      boolean wasEmpty = ring.isEmpty();
      ring.add(call, pair, arrivals++);
      if (wasEmpty) {
        ready.add(ring);
      }
    }
    if (call.pairs() == 0) {
      end(call, CallOutcome.COMPLETED, "", nowNanos);
    }
    return true;
  }

  /**
   * Fills a batch with what waits for one block, oldest first, as much as fits.
   *
   * @return false if nothing waits; the batch is then empty
   */
  public boolean takeNext(PairBatch batch, long nowNanos) {
    batch.clear();
    while (batch.size() == 0) {
      PairRing ring = ready.poll();
      if (ring == null) {
        return false;
      }
      fill(batch, ring, nowNanos);
      if (!ring.isEmpty()) {
        ready.add(ring);
      }
    }
    waitingPairs -= batch.size();
    runningPairs += batch.size();
    return true;
  }

  private void fill(PairBatch batch, PairRing ring, long nowNanos) {
    batch.begin(ring.block());
    while (!ring.isEmpty() && !batch.isFull()) {
      ComputeCall call = ring.headCall();
      if (!call.hasEnded() && call.isExpired(nowNanos)) {
        end(
            call,
            CallOutcome.DEADLINE_EXCEEDED,
            "The deadline passed while the call was waiting.",
            nowNanos);
      }
      if (!call.hasEnded()) {
        call.pairStarted(nowNanos);
        batch.add(call, ring.headPair());
      }
      ring.removeHead();
    }
  }

  /**
   * Gives back a batch that was computed and whose results were scattered.
   *
   * @param computeNanos time that the computation took
   */
  public void completed(PairBatch batch, long computeNanos, long nowNanos) {
    runningPairs -= batch.size();
    ComputeCall previous = null;
    for (int i = 0; i < batch.size(); i++) {
      ComputeCall call = batch.call(i);
      if (call != previous) {
        call.addComputeNanos(computeNanos);
        previous = call;
      }
      if (call.pairDone() && !call.hasEnded()) {
        end(call, CallOutcome.COMPLETED, "", nowNanos);
      }
    }
    batch.clear();
  }

  /** Gives back a batch whose computation failed: every call in it ends with this sentence. */
  public void failed(PairBatch batch, String sentence, long nowNanos) {
    runningPairs -= batch.size();
    for (int i = 0; i < batch.size(); i++) {
      ComputeCall call = batch.call(i);
      if (!call.hasEnded()) {
        end(call, CallOutcome.FAILED, sentence, nowNanos);
      }
    }
    batch.clear();
  }

  /** Ends every call of a source that left. Pairs that are being computed are dropped. */
  public void cancel(Object source, long nowNanos) {
    List<ComputeCall> left = new ArrayList<>();
    for (ComputeCall call : live) {
      if (call.source() == source) {
        left.add(call);
      }
    }
    for (ComputeCall call : left) {
      end(call, CallOutcome.CANCELLED, "The caller left.", nowNanos);
    }
  }

  /** Refuses all calls from now on. What was admitted is still computed. */
  public void drain() {
    draining = true;
  }

  /** True if nothing waits, nothing runs, and every ended call was handed out. */
  public boolean isIdle() {
    return live.isEmpty() && runningPairs == 0 && ended.isEmpty();
  }

  /** A call that has ended and was not handed out yet, or null. */
  public @Nullable ComputeCall pollEnded() {
    return ended.poll();
  }

  /** Pairs of live calls that are in no batch. */
  public int waitingPairs() {
    return waitingPairs;
  }

  /** Pairs in batches that are being computed. */
  public int runningPairs() {
    return runningPairs;
  }

  /** How long the oldest live call has been here, in nanoseconds; 0 if there is none. */
  public long oldestAgeNanos(long nowNanos) {
    return live.isEmpty() ? 0 : nowNanos - live.iterator().next().offeredAt();
  }

  private void end(ComputeCall call, CallOutcome outcome, String sentence, long nowNanos) {
    waitingPairs -= call.waiting();
    call.end(outcome, sentence, nowNanos);
    live.remove(call);
    ended.add(call);
  }
}
