package io.expertmesh.attention.core;

/**
 * Budgets of the scheduler.
 *
 * @param maxBatchTokens positions of one step
 * @param prefillChunk prompt positions of one step while other sequences decode
 * @param maxSequences sequences that hold pages at a time
 * @param maxQueue requests that wait for admission before new ones are turned away
 */
public record SchedulerLimits(
    int maxBatchTokens, int prefillChunk, int maxSequences, int maxQueue) {
  public SchedulerLimits {
    positive("max-batch-tokens", maxBatchTokens);
    positive("prefill-chunk", prefillChunk);
    positive("max-sequences", maxSequences);
    positive("max-queue", maxQueue);
    if (maxSequences >= maxBatchTokens) {
      throw new IllegalArgumentException(
          "max-sequences is "
              + maxSequences
              + " and must be below max-batch-tokens, which is "
              + maxBatchTokens);
    }
  }

  private static void positive(String name, int value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + " is " + value + " and must be at least 1");
    }
  }
}
