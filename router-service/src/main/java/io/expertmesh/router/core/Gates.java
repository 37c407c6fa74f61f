package io.expertmesh.router.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.RoutedFfn;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.PackedMatrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The gates of all routed layers. A gate is an fp32 product, whatever the rest runs in: rows as
 * they came over the wire times gate weights widened exactly.
 */
public final class Gates implements Gating {
  private final List<@Nullable Gate> gates;
  private final Kernels kernels;
  private final ComputePool pool;
  private float[] logits = new float[0];

  /**
   * Gates by layer.
   *
   * @param gates one entry per layer of the model; null where the layer is not routed
   */
  public Gates(List<@Nullable Gate> gates, Kernels kernels, ComputePool pool) {
    this.gates = new ArrayList<>(gates);
    this.kernels = kernels;
    this.pool = pool;
  }

  /** Packs the gates of a checkpoint, and nothing else of it. */
  public static Gates load(Checkpoint checkpoint, Kernels kernels, ComputePool pool, Arena arena) {
    List<@Nullable Gate> gates = new ArrayList<>();
    for (int layer = 0; layer < checkpoint.spec().layers().size(); layer++) {
      RoutedFfn routed = checkpoint.spec().routed(layer).orElse(null);
      if (routed == null) {
        gates.add(null);
      } else {
        PackedMatrix weights =
            kernels.pack(
                checkpoint.matrix(routed.gate().projection().orElseThrow().weight()),
                DType.F32,
                arena);
        gates.add(
            new Gate(
                weights,
                GatingPolicy.of(routed.gate().policy(), routed.experts().size(), kernels)));
      }
    }
    return new Gates(gates, kernels, pool);
  }

  @Override
  public void assign(RouteRequest request, Assignments out) {
    Gate gate = gates.get(request.layer());
    if (gate == null) {
      throw new IllegalArgumentException("layer " + request.layer() + " has no gate");
    }
    int needed = request.rowCount() * gate.weights().rows();
    if (logits.length < needed) {
      logits = new float[needed];
    }
    kernels.matmul(
        gate.weights(), request.rows(), request.offset(), request.rowCount(), logits, 0, pool);
    out.clear();
    gate.policy().assign(logits, request.rowCount(), out);
  }

  /**
   * One layer's gate.
   *
   * @param weights {@code [experts, width]}, packed for fp32 inputs
   * @param policy how logits become assignments
   */
  public record Gate(PackedMatrix weights, GatingPolicy policy) {}
}
