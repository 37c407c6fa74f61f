package io.expertmesh.tests.support;

import io.expertmesh.attention.core.AttentionStack;
import io.expertmesh.attention.core.EngineSettings;
import io.expertmesh.attention.core.GenerationRequest;
import io.expertmesh.attention.core.RoutedLayers;
import io.expertmesh.attention.core.TokenSink;
import io.expertmesh.attention.transport.RemoteRoutedLayers;
import io.expertmesh.attention.transport.RouterIdentity;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.protocol.core.HostPort;
import io.expertmesh.protocol.transport.MeshNetty;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The services of a mesh in one process, without their Spring applications: an attention engine, a
 * router and expert hosts, each with an event loop of its own, that speak gRPC over loopback.
 */
public final class LoopbackMesh implements AutoCloseable {
  private static final long START_NANOS = 60_000_000_000L;

  private final List<AutoCloseable> parts = new ArrayList<>();
  private final AttentionStack stack;

  /**
   * Starts everything and returns when every expert can be reached.
   *
   * @param model checkpoint directory, computed in fp32
   * @param shards expert hosts that share the experts; not used for a dense model
   * @param replicas hosts of each shard
   * @param settings changes the engine's settings
   */
  public LoopbackMesh(
      Path model, int shards, int replicas, UnaryOperator<EngineSettings> settings) {
    Arena arena = opened(Arena.ofShared());
    Checkpoint checkpoint = opened(Checkpoints.open(model));
    Kernels kernels = KernelProviders.select("vector", DType.F32).kernels();
    ComputePool pool = opened(ComputePools.of(1));
    ModelSpec spec = checkpoint.spec();
    RoutedLayers routed =
        batch -> {
          throw new IllegalStateException("layer " + batch.layer() + " is not routed");
        };
    if (!spec.routedLayers().isEmpty()) {
      LoopbackRouter router = opened(new LoopbackRouter(checkpoint, kernels, arena));
      for (int i = 0; i < shards * replicas; i++) {
        String share = i % shards + "/" + shards;
        opened(new LoopbackExpert("r" + i, share, checkpoint, kernels, router.address(), arena));
      }
      routed = connected(checkpoint, kernels, router.address());
    }
    EngineSettings engine = settings.apply(EngineSettings.defaults(spec, DType.F32));
    stack =
        opened(
            AttentionStack.open(
                checkpoint, kernels, pool, engine, routed, (rows, nanos) -> {}, done -> {}));
    stack.engine().start();
  }

  private RoutedLayers connected(Checkpoint checkpoint, Kernels kernels, HostPort router) {
    RemoteRoutedLayers routed =
        opened(
            new RemoteRoutedLayers(
                opened(new MeshNetty("attention-net")),
                List.of(router),
                new RouterIdentity(
                    checkpoint.modelId(),
                    checkpoint.weightsVersion(),
                    kernels.numericsClass(DType.F32).label()),
                checkpoint.spec().hiddenSize(),
                DType.F32));
    long deadline = System.nanoTime() + START_NANOS;
    while (!routed.covered()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the experts cannot be reached: " + routed.detail());
      }
      Thread.onSpinWait();
    }
    return routed;
  }

  /** Begins a generation. */
  public void submit(GenerationRequest request, TokenSink sink) {
    stack.engine().submit(request, sink);
  }

  /** Sequences that have lost their pages to others so far. */
  public long preemptions() {
    return stack.core().scheduler().preemptions();
  }

  private <T extends AutoCloseable> T opened(T part) {
    parts.add(part);
    return part;
  }

  @Override
  public void close() {
    for (AutoCloseable part : parts.reversed()) {
      try {
        part.close();
      } catch (Exception e) {
        throw new IllegalStateException("cannot close " + part, e);
      }
    }
  }
}
