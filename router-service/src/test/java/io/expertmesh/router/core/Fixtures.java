package io.expertmesh.router.core;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.WeightMatrix;
import io.expertmesh.router.core.gating.Assignments;
import io.expertmesh.router.core.gating.SoftmaxTopK;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/** A small model with random gates, whose expert e of layer l computes {@code x · (e + 1) + l}. */
final class Fixtures {
  static final Kernels KERNELS = KernelProviders.select("scalar", DType.F32).kernels();
  static final ComputePool POOL = ComputePools.of(1);
  static final long VERSION = 0x1234;
  static final String CLASS = "fma1/any/f32";

  private Fixtures() {}

  static RoutedModel model(int width, int... experts) {
    return new RoutedModel("m", VERSION, width, DType.F32, experts);
  }

  static Gates gates(RoutedModel model, int k, Random random) {
    return gates(model, k, random, KERNELS);
  }

  static Gates gates(RoutedModel model, int k, Random random, Kernels kernels) {
    List<Gate> gates = new ArrayList<>();
    for (int layer = 0; layer < model.layers(); layer++) {
      int experts = model.expertsOf(layer);
      if (experts == 0) {
        gates.add(null);
        continue;
      }
      MemorySegment weights =
          Arena.ofAuto().allocate((long) experts * model.width() * Float.BYTES, Float.BYTES);
      for (long i = 0; i < (long) experts * model.width(); i++) {
        weights.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
      }
      WeightMatrix matrix = new WeightMatrix(DType.F32, experts, model.width(), false, weights);
      gates.add(
          new Gate(
              kernels.pack(matrix, DType.F32, Arena.ofAuto()),
              new SoftmaxTopK(GatingSpec.SoftmaxTopK.renormalized(k), experts, kernels)));
    }
    return new Gates(gates, kernels, POOL);
  }

  /** The expert function of the fixtures. */
  static float expert(int layer, int expert, float x) {
    return x * (expert + 1) + layer;
  }

  /** What a correct replica answers. */
  static float[] compute(ExpertCall call, int width) {
    float[] out = new float[call.pairCount() * width];
    for (int pair = 0; pair < call.pairCount(); pair++) {
      for (int i = 0; i < width; i++) {
        float x = call.rows()[call.rowsOffset() + call.pairRow(pair) * width + i];
        out[pair * width + i] = expert(call.layer(), call.pairExpert(pair), x);
      }
    }
    return out;
  }

  /** A routed layer without any dispatch. */
  static float[] direct(RouteRequest request, Assignments assignments, int width) {
    float[] out = new float[request.rowCount() * width];
    for (int row = 0; row < request.rowCount(); row++) {
      for (int p = assignments.start(row); p < assignments.start(row + 1); p++) {
        for (int i = 0; i < width; i++) {
          float x = request.rows()[request.offset() + row * width + i];
          out[row * width + i] =
              Math.fma(
                  assignments.weight(p),
                  expert(request.layer(), assignments.expert(p), x),
                  out[row * width + i]);
        }
      }
    }
    return out;
  }

  static float[] randomRows(int count, int width, Random random) {
    float[] rows = new float[count * width];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) random.nextGaussian();
    }
    return rows;
  }

  /** An offer to host experts {@code from} to {@code to - 1} of every routed layer. */
  static ReplicaOffer offer(RoutedModel model, String replica, String shard, int from, int to) {
    TreeMap<Integer, BitSet> experts = new TreeMap<>();
    for (int layer = 0; layer < model.layers(); layer++) {
      BitSet set = new BitSet();
      set.set(Math.min(from, model.expertsOf(layer)), Math.min(to, model.expertsOf(layer)));
      if (!set.isEmpty()) {
        experts.put(layer, set);
      }
    }
    return new ReplicaOffer(
        replica,
        shard,
        "127.0.0.1:1",
        model.modelId(),
        model.weightsVersion(),
        CLASS,
        model.width(),
        model.activations(),
        experts);
  }
}
