package io.expertmesh.router.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.GateSpec;
import io.expertmesh.model.core.TensorRef;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.PackedMatrix;
import io.expertmesh.router.core.gating.GatingPolicy;
import java.lang.foreign.Arena;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One layer's gate.
 *
 * @param weights {@code [experts, width]}, packed for fp32 inputs; null if the policy reads no
 *     logits
 * @param bias added to the logits, {@code experts} values; empty for none
 * @param policy how logits become assignments
 */
public record Gate(@Nullable PackedMatrix weights, float[] bias, GatingPolicy policy) {
  public Gate {
    Objects.requireNonNull(bias, "bias");
    Objects.requireNonNull(policy, "policy");
  }

  /** A gate without a bias. */
  public Gate(PackedMatrix weights, GatingPolicy policy) {
    this(weights, new float[0], policy);
  }

  /** Packs one gate of a checkpoint for {@code experts} experts. */
  static Gate load(
      GateSpec spec, int experts, Checkpoint checkpoint, Kernels kernels, Arena arena) {
    PackedMatrix weights =
        spec.projection()
            .map(linear -> kernels.pack(checkpoint.matrix(linear.weight()), DType.F32, arena))
            .orElse(null);
    float[] bias =
        spec.projection()
            .flatMap(linear -> linear.bias())
            .map(checkpoint::vector)
            .orElse(new float[0]);
    TensorRef table = spec.table().orElse(null);
    float[] values = table == null ? new float[0] : checkpoint.vector(table);
    return new Gate(weights, bias, GatingPolicy.of(spec.policy(), experts, values, kernels));
  }

  /** Floats of logits that a row needs. */
  int logitsPerRow() {
    return weights == null ? 0 : weights.rows();
  }

  /** Computes the logits of rows, into {@code logits} from 0. */
  void project(
      Kernels kernels, float[] rows, int offset, int count, float[] logits, ComputePool pool) {
    if (weights == null) {
      return;
    }
    kernels.matmul(weights, rows, offset, count, logits, 0, pool);
    if (bias.length > 0) {
      for (int row = 0; row < count; row++) {
        kernels.add(logits, row * bias.length, bias, 0, bias.length);
      }
    }
  }
}
