package io.expertmesh.router.transport;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.v1.CallStatus;
import io.expertmesh.protocol.v1.DType;
import io.expertmesh.protocol.v1.JoinRequest;
import io.expertmesh.protocol.v1.LayerExperts;
import io.expertmesh.router.core.ExpertReply;
import io.expertmesh.router.core.ReplicaOffer;
import java.util.BitSet;
import java.util.List;
import java.util.TreeMap;

/** Between messages and the core's types. */
final class Mapping {
  /** No model has more; a larger index is a broken message, not a bit set to allocate. */
  private static final int MAX_INDEX = 1 << 16;

  private Mapping() {}

  static DType toWire(io.expertmesh.model.kernel.DType dtype) {
    return switch (dtype) {
      case F32 -> DType.DTYPE_F32;
      case BF16 -> DType.DTYPE_BF16;
      case F16 -> throw new IllegalArgumentException("rows do not travel as F16");
    };
  }

  /**
   * What a replica offers.
   *
   * @throws MeshException INVALID_ARGUMENT if the message cannot be understood
   */
  static ReplicaOffer toOffer(JoinRequest join) {
    io.expertmesh.model.kernel.DType dtype =
        switch (join.getDtype()) {
          case DTYPE_F32 -> io.expertmesh.model.kernel.DType.F32;
          case DTYPE_BF16 -> io.expertmesh.model.kernel.DType.BF16;
          case DTYPE_UNSPECIFIED, UNRECOGNIZED ->
              throw invalid("dtype is not set, must be DTYPE_F32 or DTYPE_BF16");
        };
    TreeMap<Integer, BitSet> experts = new TreeMap<>();
    for (LayerExperts layer : join.getExpertsList()) {
      BitSet set = experts.computeIfAbsent(layer.getLayer(), key -> new BitSet());
      for (int i = 0; i < layer.getExpertsCount(); i++) {
        int expert = layer.getExperts(i);
        if (expert < 0 || expert >= MAX_INDEX) {
          throw invalid(
              "experts names expert %s of layer %s"
                  .formatted(
                      Integer.toUnsignedString(expert),
                      Integer.toUnsignedString(layer.getLayer())));
        }
        set.set(expert);
      }
    }
    return new ReplicaOffer(
        join.getReplicaId(),
        join.getShard(),
        join.getAddress(),
        join.getModelId(),
        join.getWeightsVersion(),
        join.getNumericsClass(),
        join.getWidth(),
        dtype,
        experts);
  }

  private static MeshException invalid(String sentence) {
    return new MeshException(ErrorCode.INVALID_ARGUMENT, sentence);
  }

  static CallStatus toWire(ErrorCode code) {
    return switch (code) {
      case INVALID_ARGUMENT, CONTEXT_LENGTH_EXCEEDED -> CallStatus.CALL_INVALID;
      case OVERLOADED -> CallStatus.CALL_OVERLOADED;
      case DEADLINE_EXCEEDED -> CallStatus.CALL_DEADLINE_EXCEEDED;
      case EXPERT_UNAVAILABLE, SERVICE_UNAVAILABLE, CANCELLED, NON_FINITE, INTERNAL ->
          CallStatus.CALL_INTERNAL;
    };
  }

  static ExpertReply.Status fromWire(CallStatus status) {
    return switch (status) {
      case CALL_OK -> ExpertReply.Status.OK;
      case CALL_OVERLOADED -> ExpertReply.Status.OVERLOADED;
      case CALL_DEADLINE_EXCEEDED -> ExpertReply.Status.DEADLINE_EXCEEDED;
      case CALL_DRAINING -> ExpertReply.Status.DRAINING;
      case CALL_INVALID -> ExpertReply.Status.INVALID;
      case CALL_INTERNAL, UNRECOGNIZED -> ExpertReply.Status.INTERNAL;
    };
  }

  static float[] toFloats(List<Float> numbers) {
    float[] array = new float[numbers.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = numbers.get(i);
    }
    return array;
  }

  static int[] toArray(List<Integer> numbers) {
    int[] array = new int[numbers.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = numbers.get(i);
    }
    return array;
  }
}
