package io.expertmesh.expert.transport;

import io.expertmesh.model.kernel.DType;

/** Element types of activations as the contracts name them. */
final class WireTypes {
  private WireTypes() {}

  static io.expertmesh.protocol.v1.DType of(DType activations) {
    return switch (activations) {
      case F32 -> io.expertmesh.protocol.v1.DType.DTYPE_F32;
      case BF16 -> io.expertmesh.protocol.v1.DType.DTYPE_BF16;
      case F16 ->
          throw new IllegalArgumentException("activations are f32 or bf16, never " + activations);
    };
  }
}
