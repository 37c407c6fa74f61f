package io.expertmesh.attention.core;

/**
 * Budgets of the scheduler.
 *
 * @param maxBatchTokens positions of one step
 * @param prefillChunk prompt positions of one step while other sequences decode
 * @param maxSequences sequences that hold pages at a time
 * @param maxQueue requests that wait for admission before new ones are turned away
 * @param expertWaitNanos how long a request waits for an expert that has no replica; its deadline
 *     bounds it too
 */
public record SchedulerLimits(
    int maxBatchTokens, int prefillChunk, int maxSequences, int maxQueue, long expertWaitNanos) {
  /** Waits for experts up to the deadline of each request. */
  public static final long UNTIL_DEADLINE = Long.MAX_VALUE;

  public SchedulerLimits {
    positive("max-batch-tokens", maxBatchTokens);
    positive("prefill-chunk", prefillChunk);
    positive("max-sequences", maxSequences);
    positive("max-queue", maxQueue);
    if (expertWaitNanos < 0) {
      throw new IllegalArgumentException(
          "expert-wait is " + expertWaitNanos + " ns and must not be negative");
    }
    if (maxSequences >= maxBatchTokens) {
      throw new IllegalArgumentException(
          "max-sequences is "
              + maxSequences
              + " and must be below max-batch-tokens, which is "
              + maxBatchTokens);
    }
  }

  /** Limits with {@link #UNTIL_DEADLINE}. */
  public SchedulerLimits(int maxBatchTokens, int prefillChunk, int maxSequences, int maxQueue) {
    this(maxBatchTokens, prefillChunk, maxSequences, maxQueue, UNTIL_DEADLINE);
  }

  /**
   * Most positions of one sequence in a step whose prompts are not taken apart: what is left beside
   * as many sequences as can decode.
   */
  public int wholeRows() {
    return maxBatchTokens - maxSequences;
  }

  private static void positive(String name, int value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + " is " + value + " and must be at least 1");
    }
  }
}
