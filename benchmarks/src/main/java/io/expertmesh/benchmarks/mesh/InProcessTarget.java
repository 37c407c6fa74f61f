package io.expertmesh.benchmarks.mesh;

import io.expertmesh.attention.core.Engine;
import io.expertmesh.attention.core.EngineCore;
import io.expertmesh.attention.core.EngineSettings;
import io.expertmesh.attention.core.ForwardPass;
import io.expertmesh.attention.core.GenerationRequest;
import io.expertmesh.attention.core.KvCache;
import io.expertmesh.attention.core.ModelWeights;
import io.expertmesh.attention.core.PagePool;
import io.expertmesh.attention.core.RequestRules;
import io.expertmesh.attention.core.TokenEvent;
import io.expertmesh.attention.core.TokenSink;
import io.expertmesh.attention.core.WholePrompts;
import io.expertmesh.expert.core.ExpertEngine;
import io.expertmesh.expert.core.ExpertWeights;
import io.expertmesh.expert.core.ShardSpec;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.Selection;
import io.expertmesh.router.core.DispatchLimits;
import io.expertmesh.router.core.Dispatcher;
import io.expertmesh.router.core.Gates;
import io.expertmesh.router.core.Grouped;
import io.expertmesh.router.core.JoinResult;
import io.expertmesh.router.core.Registry;
import io.expertmesh.router.core.ReplicaChoice;
import io.expertmesh.router.core.ReplicaOffer;
import io.expertmesh.router.core.RoutedModel;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The same engine as the mesh's with everything in this process: what the network costs is the
 * difference.
 */
public final class InProcessTarget implements LoadTarget {
  private final Arena arena = Arena.ofShared();
  private final Checkpoint checkpoint;
  private final ComputePool pool;
  private final LocalRouting routing;
  private final ExpertWeights expertWeights;
  private final ModelWeights weights;
  private final Engine engine;
  private final String provider;
  private final AtomicLong steps = new AtomicLong();

  /**
   * Loads a checkpoint.
   *
   * @param threads compute threads
   */
  public InProcessTarget(Path model, int threads) {
    checkpoint = Checkpoints.open(model);
    ModelSpec spec = checkpoint.spec();
    DType activations = spec.storedDtype() == DType.F32 ? DType.F32 : DType.BF16;
    Selection selection = KernelProviders.select("auto", activations);
    Kernels kernels = selection.kernels();
    provider = kernels.provider();
    pool = ComputePools.of(threads);

    SortedMap<Integer, BitSet> experts = new TreeMap<>();
    for (int layer : spec.routedLayers()) {
      BitSet all = new BitSet();
      all.set(0, spec.routed(layer).orElseThrow().experts().size());
      experts.put(layer, all);
    }
    expertWeights =
        ExpertWeights.pack(
            checkpoint,
            new ShardSpec("all", spec, experts),
            kernels,
            activations,
            arena,
            (done, total) -> {});
    routing = new LocalRouting(new ExpertEngine(expertWeights, kernels, pool, 1024));
    routing.dispatchWith(dispatcher(spec, kernels, activations, experts));

    EngineSettings settings = EngineSettings.defaults(spec, activations);
    weights =
        ModelWeights.load(
            checkpoint, kernels, activations, settings.maxContext(), arena, fraction -> {});
    KvCache cache = new KvCache(spec, settings.pages(), arena);
    ForwardPass pass =
        new ForwardPass(
            weights,
            kernels,
            pool,
            cache,
            routing,
            settings.microBatches(),
            settings.limits().maxBatchTokens());
    EngineCore core =
        new EngineCore(
            settings.limits(),
            new PagePool(settings.pages(), settings.prefixCache(), weights::prefixRegime),
            new int[0],
            spec.vocabSize(),
            pass,
            kernels,
            pool);
    engine =
        new Engine(
            core,
            new RequestRules(
                spec.vocabSize(),
                settings.maxContext(),
                0,
                WholePrompts.of(spec, settings.limits(), routing)),
            settings.limits().maxQueue(),
            (rows, nanos) -> steps.incrementAndGet());
    engine.start();
  }

  private Dispatcher dispatcher(
      ModelSpec spec, Kernels kernels, DType activations, SortedMap<Integer, BitSet> experts) {
    Registry registry =
        new Registry(
            RoutedModel.of(spec, checkpoint.modelId(), checkpoint.weightsVersion(), activations));
    Dispatcher dispatcher =
        new Dispatcher(
            registry,
            Gates.load(checkpoint, Grouped.BY_REQUEST, kernels, pool, arena),
            new ReplicaChoice(new SplittableRandom(1)),
            kernels,
            routing,
            new DispatchLimits(Integer.MAX_VALUE, Integer.MAX_VALUE),
            System::nanoTime);
    ReplicaOffer offer =
        new ReplicaOffer(
            "local",
            "all",
            "",
            checkpoint.modelId(),
            checkpoint.weightsVersion(),
            kernels.numericsClass(activations).label(),
            spec.hiddenSize(),
            activations,
            experts);
    switch (registry.join(offer)) {
      case JoinResult.Accepted accepted -> dispatcher.replicaJoined(accepted.replica());
      case JoinResult.Rejected rejected -> throw new IllegalStateException(rejected.reason());
    }
    return dispatcher;
  }

  @Override
  public void generate(int[] prompt, int maxTokens, Runnable onToken) throws Exception {
    CompletableFuture<TokenEvent.End> end = new CompletableFuture<>();
    engine.submit(
        GenerationRequest.greedy("bench", prompt, maxTokens, System.nanoTime() + 600_000_000_000L),
        new TokenSink() {
          @Override
          public boolean accept(TokenEvent event) {
            switch (event) {
              case TokenEvent.Generated _ -> onToken.run();
              case TokenEvent.PromptScored _, TokenEvent.Routed _ -> {}
              case TokenEvent.End ended -> end.complete(ended);
            }
            return true;
          }

          @Override
          public boolean congested() {
            return false;
          }
        });
    if (end.get() instanceof TokenEvent.Failed failed) {
      throw new IllegalStateException(failed.message());
    }
  }

  /** Name of the kernel provider in use. */
  public String provider() {
    return provider;
  }

  /**
   * Weight bytes that the steps since the start had to read: all of attention and head once a step,
   * each expert block once.
   */
  public long weightBytesRead() {
    long perBlock = expertWeights.bytes() / expertWeights.shard().blocks().size();
    return steps.get() * weights.bytesPerStep() + routing.blocks() * perBlock;
  }

  /** Steps since the start. */
  public long steps() {
    return steps.get();
  }

  @Override
  public void close() {
    engine.close();
    pool.close();
    checkpoint.close();
    arena.close();
  }
}
