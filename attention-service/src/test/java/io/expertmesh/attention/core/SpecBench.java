package io.expertmesh.attention.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import java.lang.foreign.Arena;
import java.util.Random;

/** A model from its spec alone, with invented weights, and stacks on it. */
final class SpecBench implements AutoCloseable {
  final Checkpoint checkpoint;
  final Kernels kernels;
  final ComputePool pool = ComputePools.of(2);
  private final DType activations;
  private final DirectRoutedLayers routed;
  private final Arena arena = Arena.ofShared();

  SpecBench(ModelSpec spec, DType activations) {
    this.activations = activations;
    checkpoint = new InventedCheckpoint(spec);
    kernels = KernelProviders.select("vector", activations).kernels();
    routed = new DirectRoutedLayers(checkpoint, kernels, pool, activations, arena);
  }

  AttentionStack stack(int kvTokens, SchedulerLimits limits, boolean prefixCache) {
    ModelSpec spec = checkpoint.spec();
    EngineSettings settings =
        new EngineSettings(
            activations,
            kvTokens,
            limits,
            spec.maxPositions(),
            prefixCache,
            MicroBatchMode.AUTO,
            spec.vocabSize());
    return AttentionStack.open(checkpoint, kernels, pool, settings, routed, (_, _) -> {}, _ -> {});
  }

  /** Random ids, the same for the same number. */
  int[] prompt(int number, int length) {
    return new Random(number).ints(length, 0, checkpoint.spec().vocabSize()).toArray();
  }

  @Override
  public void close() {
    arena.close();
    pool.close();
  }
}
