package io.expertmesh.attention.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.DenseFfn;
import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.core.LayerSpec;
import io.expertmesh.model.core.RoutedFfn;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.PackedMatrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** Gate and experts computed on the spot, row by row; experts can be taken away. */
final class DirectRoutedLayers implements RoutedLayers {
  private final Kernels kernels;
  private final ComputePool pool;
  private final DType activations;
  private final int hidden;
  private final Map<Integer, Layer> layers = new HashMap<>();
  private final Set<Integer> missingExperts = new HashSet<>();

  DirectRoutedLayers(
      Checkpoint checkpoint, Kernels kernels, ComputePool pool, DType activations, Arena arena) {
    this.kernels = kernels;
    this.pool = pool;
    this.activations = activations;
    this.hidden = checkpoint.spec().hiddenSize();
    for (LayerSpec spec : checkpoint.spec().layers()) {
      if (spec.channelMixer() instanceof RoutedFfn routed) {
        layers.put(spec.index(), pack(checkpoint, routed, arena));
      }
    }
  }

  /** From now on no row that needs this expert, in any layer, gets a result. */
  void takeAway(int expert) {
    missingExperts.add(expert);
  }

  void bringBack(int expert) {
    missingExperts.remove(expert);
  }

  @Override
  public RoutedCall submit(RoutedBatch batch) {
    Layer layer = Objects.requireNonNull(layers.get(batch.layer()));
    float[] out = new float[batch.rowCount() * hidden];
    BitSet unavailable = new BitSet();
    int k = layer.policy.k();
    int[] experts = new int[batch.rowCount() * k];
    float[] weights = new float[experts.length];
    for (int row = 0; row < batch.rowCount(); row++) {
      int[] best = choose(layer, batch.rows(), row);
      for (int i = 0; i < k; i++) {
        experts[row * k + i] = best[i];
        weights[row * k + i] = weight(layer, best, best[i]);
      }
      if (Arrays.stream(best).anyMatch(missingExperts::contains)) {
        unavailable.set(row);
      } else {
        compute(layer, batch.rows(), row, best, out);
      }
    }
    Optional<RowAssignments> told =
        batch.choices() == 0 ? Optional.empty() : Optional.of(assignments(experts, weights, k));
    String detail = unavailable.isEmpty() ? "" : "gone";
    return () -> new RoutedRows(out, unavailable, new BitSet(), detail, told);
  }

  private static RowAssignments assignments(int[] experts, float[] weights, int k) {
    int[] starts = IntStream.rangeClosed(0, experts.length / k).map(row -> row * k).toArray();
    int[] noDrops = new int[starts.length];
    return new RowAssignments(starts, experts, weights, noDrops, new int[0], new float[0]);
  }

  private static float weight(Layer layer, int[] best, int expert) {
    float sum = 0;
    for (int chosen : best) {
      sum += layer.scores[chosen];
    }
    float divisor = layer.policy.normalized() ? sum : 1;
    return layer.scores[expert] / divisor * layer.policy.scale();
  }

  private int[] choose(Layer layer, float[] rows, int row) {
    int experts = layer.experts.size();
    kernels.matmul(layer.gate, rows, row * hidden, 1, layer.scores, 0, pool);
    kernels.softmax(layer.scores, 0, experts);
    int[] best = new int[layer.policy.k()];
    kernels.topK(layer.scores, 0, experts, layer.policy.k(), best, 0);
    Arrays.sort(best);
    return best;
  }

  private void compute(Layer layer, float[] rows, int row, int[] best, float[] out) {
    float[] result = new float[hidden];
    for (int expert : best) {
      Expert weights = layer.experts.get(expert);
      float[] gateUp = new float[2 * weights.inner];
      float[] inner = new float[weights.inner];
      kernels.matmul(weights.gateUp, rows, row * hidden, 1, gateUp, 0, pool);
      kernels.swiGlu(gateUp, 0, inner, 0, weights.inner);
      kernels.matmul(weights.down, inner, 0, 1, result, 0, pool);
      if (activations == DType.BF16) {
        kernels.roundToBf16(result, 0, hidden);
      }
      kernels.addScaled(out, row * hidden, weight(layer, best, expert), result, 0, hidden);
    }
  }

  private Layer pack(Checkpoint checkpoint, RoutedFfn routed, Arena arena) {
    List<Expert> experts = new ArrayList<>();
    for (DenseFfn expert : routed.experts()) {
      experts.add(
          new Expert(
              kernels.packStacked(
                  List.of(
                      checkpoint.matrix(expert.gate().orElseThrow().weight()),
                      checkpoint.matrix(expert.up().weight())),
                  activations,
                  arena),
              kernels.pack(checkpoint.matrix(expert.down().weight()), activations, arena),
              expert.inner()));
    }
    if (!(routed.gate().policy() instanceof GatingSpec.SoftmaxTopK policy)) {
      throw new IllegalArgumentException("no direct computation of " + routed.gate().policy());
    }
    PackedMatrix gate =
        kernels.pack(
            checkpoint.matrix(routed.gate().projection().orElseThrow().weight()), DType.F32, arena);
    return new Layer(gate, policy, experts, new float[experts.size()]);
  }

  private record Layer(
      PackedMatrix gate, GatingSpec.SoftmaxTopK policy, List<Expert> experts, float[] scores) {}

  private record Expert(PackedMatrix gateUp, PackedMatrix down, int inner) {}
}
