package io.expertmesh.attention.core;

import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KvLayout;
import java.util.Objects;

/**
 * How an engine is set up.
 *
 * @param activations F32 or BF16
 * @param kvTokens tokens whose keys and values are held at a time, over all requests
 * @param limits the scheduler's budgets
 * @param maxContext prompt and generated tokens of one request
 * @param prefixCache whether computed prefixes are reused
 * @param microBatches parts of a step in flight
 * @param maxLogprobs alternatives per token that a request may ask for
 */
public record EngineSettings(
    DType activations,
    int kvTokens,
    SchedulerLimits limits,
    int maxContext,
    boolean prefixCache,
    MicroBatchMode microBatches,
    int maxLogprobs) {
  private static final int DEFAULT_KV_TOKENS = 65_536;
  private static final long DEFAULT_KV_BYTES = 1L << 30;

  public EngineSettings {
    Objects.requireNonNull(activations, "activations");
    Objects.requireNonNull(limits, "limits");
    Objects.requireNonNull(microBatches, "microBatches");
    if (kvTokens < KvLayout.PAGE_TOKENS) {
      throw new IllegalArgumentException("kv-tokens is " + kvTokens + " and must be at least 16");
    }
    if (maxContext < 1) {
      throw new IllegalArgumentException("max-context is " + maxContext + ", must be at least 1");
    }
    if (maxLogprobs < 0) {
      throw new IllegalArgumentException("max-logprobs is " + maxLogprobs + ", must be at least 0");
    }
  }

  /** Settings that suit a model on a common machine. */
  public static EngineSettings defaults(ModelSpec spec, DType activations) {
    int kvTokens = defaultKvTokens(spec);
    return new EngineSettings(
        activations,
        kvTokens,
        new SchedulerLimits(1024, 256, 256, 1024),
        Math.min(spec.maxPositions(), kvTokens),
        true,
        MicroBatchMode.AUTO,
        spec.vocabSize());
  }

  /** 65,536 tokens, or what fits into 1 GiB if that is less. */
  public static int defaultKvTokens(ModelSpec spec) {
    long fitting = DEFAULT_KV_BYTES / KvCache.bytesPerToken(spec);
    int tokens = Math.clamp(fitting, KvLayout.PAGE_TOKENS, DEFAULT_KV_TOKENS);
    return tokens - tokens % KvLayout.PAGE_TOKENS;
  }

  /** Pages of the pool. */
  public int pages() {
    return kvTokens / KvLayout.PAGE_TOKENS;
  }
}
