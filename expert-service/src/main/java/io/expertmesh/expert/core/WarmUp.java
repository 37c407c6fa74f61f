package io.expertmesh.expert.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.ProductWarmUp;
import java.lang.foreign.Arena;
import java.util.BitSet;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Computes products of every shape, and packs and tests one expert again and again, so that a
 * process that is given a shard later has the machine code for it: code that the virtual machine
 * has not compiled yet is slower by far, above all code that computes with vectors.
 */
public final class WarmUp {
  private static final int MOST_ROUNDS = 50;
  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(3);

  private WarmUp() {}

  /**
   * Returns after some seconds at most; nothing stays in memory. A model without experts warms
   * nothing.
   */
  public static void run(
      Checkpoint checkpoint, Kernels kernels, DType activations, ComputePool pool, int maxRows)
      throws InterruptedException {
    SortedMap<Integer, BitSet> one = firstExpert(checkpoint.spec());
    if (one.isEmpty()) {
      return;
    }
    ProductWarmUp.run(
        kernels, checkpoint.spec().storedDtype(), activations, ProductWarmUp.Turn.NOW);
    ShardSpec shard = new ShardSpec("warm-up", checkpoint.spec(), one);
    long start = System.nanoTime();
    for (int round = 0; round < MOST_ROUNDS && System.nanoTime() - start < MOST_NANOS; round++) {
      try (Arena arena = Arena.ofShared()) {
        ExpertWeights weights =
            ExpertWeights.pack(checkpoint, shard, kernels, activations, arena, (done, total) -> {});
        SelfTest.run(new ExpertEngine(weights, kernels, pool, maxRows));
      }
    }
  }

  private static SortedMap<Integer, BitSet> firstExpert(ModelSpec model) {
    SortedMap<Integer, BitSet> experts = new TreeMap<>();
    for (int layer = 0; layer < model.layers().size() && experts.isEmpty(); layer++) {
      if (model.routed(layer).isPresent()) {
        BitSet first = new BitSet();
        first.set(0);
        experts.put(layer, first);
      }
    }
    return experts;
  }
}
