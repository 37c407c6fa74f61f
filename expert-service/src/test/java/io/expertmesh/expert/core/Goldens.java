package io.expertmesh.expert.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Engines over the small reference checkpoints, for tests. */
public final class Goldens {
  private Goldens() {}

  public static Checkpoint open(String name) {
    return Checkpoints.open(Path.of("../model/src/test/resources/golden", name));
  }

  /** All experts of a checkpoint. */
  public static ExpertEngine engine(
      String name, DType activations, String provider, ComputePool pool, int maxRows) {
    return engine(
        name, activations, KernelProviders.select(provider, activations).kernels(), pool, maxRows);
  }

  /** All experts of a checkpoint, computed with the given kernels. */
  public static ExpertEngine engine(
      String name, DType activations, Kernels kernels, ComputePool pool, int maxRows) {
    try (Checkpoint checkpoint = open(name)) {
      return engine(checkpoint, activations, kernels, pool, maxRows);
    }
  }

  /** All experts of an open checkpoint. */
  static ExpertEngine engine(
      Checkpoint checkpoint, DType activations, Kernels kernels, ComputePool pool, int maxRows) {
    ShardSpec shard = ShardNotation.parse("all", checkpoint.spec(), "*:*", "");
    return new ExpertEngine(
        ExpertWeights.pack(
            checkpoint, shard, kernels, activations, Arena.ofAuto(), (packed, total) -> {}),
        kernels,
        pool,
        maxRows);
  }
}
