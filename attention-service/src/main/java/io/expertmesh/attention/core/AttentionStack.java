package io.expertmesh.attention.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.Kernels;
import java.lang.foreign.Arena;
import java.util.function.DoubleConsumer;

/**
 * Everything that computes in an attention-service, put together: packed weights, key-value memory,
 * forward pass and engine. Needs no network: with a {@link RoutedLayers} that computes directly it
 * is a whole model in one process.
 */
public final class AttentionStack implements AutoCloseable {
  private final Arena arena;
  private final ModelWeights weights;
  private final PagePool pages;
  private final EngineCore core;
  private final Engine engine;

  private AttentionStack(
      Arena arena, ModelWeights weights, PagePool pages, EngineCore core, Engine engine) {
    this.arena = arena;
    this.weights = weights;
    this.pages = pages;
    this.core = core;
    this.engine = engine;
  }

  /**
   * Loads the weights of this role. The engine is made but not started.
   *
   * @param checkpoint stays open as long as the stack
   * @param routed where routed blocks are computed; not used for a dense model
   * @param listener hears about steps
   * @param progress told the fraction of the weights that is packed
   */
  public static AttentionStack open(
      Checkpoint checkpoint,
      Kernels kernels,
      ComputePool pool,
      EngineSettings settings,
      RoutedLayers routed,
      StepListener listener,
      DoubleConsumer progress) {
    ModelSpec spec = checkpoint.spec();
    Arena arena = Arena.ofShared();
    try {
      int maxContext = Math.min(settings.maxContext(), settings.kvTokens());
      int maxRows = settings.limits().maxBatchTokens();
      ModelWeights weights =
          ModelWeights.load(
              checkpoint, kernels, settings.activations(), maxContext, arena, progress);
      KvCache cache = new KvCache(spec, settings.pages(), arena);
      ForwardPass pass =
          new ForwardPass(weights, kernels, pool, cache, routed, settings.microBatches(), maxRows);
      PagePool pages =
          new PagePool(settings.pages(), settings.prefixCache(), weights::prefixRegime);
      int[] eosIds = spec.eosTokenIds().stream().mapToInt(Integer::intValue).toArray();
      EngineCore core =
          new EngineCore(settings.limits(), pages, eosIds, spec.vocabSize(), pass, kernels, pool);
      RequestRules rules =
          new RequestRules(
              spec.vocabSize(),
              maxContext,
              settings.maxLogprobs(),
              WholePrompts.of(spec, settings.limits(), routed));
      Engine engine = new Engine(core, rules, settings.limits().maxQueue(), listener);
      return new AttentionStack(arena, weights, pages, core, engine);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** The engine with its own thread. */
  public Engine engine() {
    return engine;
  }

  /**
   * The engine without a thread, to be stepped by the caller instead of starting {@link #engine}.
   */
  public EngineCore core() {
    return core;
  }

  /** The packed weights. */
  public ModelWeights weights() {
    return weights;
  }

  /** The key-value pages. */
  public PagePool pages() {
    return pages;
  }

  /** Stops the engine and frees the memory. */
  @Override
  public void close() {
    engine.close();
    arena.close();
  }
}
