package io.expertmesh.expert.transport;

import io.expertmesh.expert.core.ComputeCall;
import io.expertmesh.expert.core.ExpertWeights;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.RowLimits;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.ExpertRequest;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Checks requests against the shard and the model, and makes calls of them. */
final class RequestMapper {
  private final ExpertWeights weights;
  private final io.expertmesh.protocol.v1.DType wireType;
  private final int maxPairs;

  RequestMapper(ExpertWeights weights) {
    this.weights = weights;
    wireType = WireTypes.of(weights.activations());
    maxPairs =
        RowLimits.maxRows(
            weights.hidden(), weights.activations() == DType.BF16 ? Short.BYTES : Float.BYTES);
  }

  /**
   * @param source stream that it came from
   * @throws MeshException INVALID_ARGUMENT, with a sentence that names the field
   */
  ComputeCall toCall(
      Object source,
      RowMessage<ExpertRequest> message,
      long nowNanos,
      Consumer<ComputeCall> onEnd) {
    ExpertRequest request = message.header();
    require(
        weights.shard().hasLayer(request.getLayer()),
        "layer is " + request.getLayer() + ", of which this replica hosts no expert");
    require(
        request.getWidth() == weights.hidden(),
        "width is " + request.getWidth() + ", the model has rows of " + weights.hidden());
    require(
        request.getDtype() == wireType,
        "dtype is " + request.getDtype() + ", this replica computes on rows of " + wireType);
    int pairs = request.getPairRowsCount();
    require(
        pairs == request.getPairExpertsCount(),
        "pair_rows has " + pairs + " entries, pair_experts " + request.getPairExpertsCount());
    require(
        pairs <= maxPairs,
        "pair_rows has " + pairs + " entries, a reply has room for " + maxPairs + " rows");
    int[] rows = new int[pairs];
    int[] blocks = new int[pairs];
    for (int i = 0; i < pairs; i++) {
      rows[i] = request.getPairRows(i);
      if (rows[i] < 0 || rows[i] >= request.getRowCount()) {
        throw invalid(
            "pair_rows[" + i + "] is not a row of the " + request.getRowCount() + " sent");
      }
      blocks[i] = weights.shard().block(request.getLayer(), request.getPairExperts(i));
      if (blocks[i] < 0) {
        throw invalid(
            "pair_experts[%d] is %s, which this replica does not host in layer %d"
                .formatted(
                    i, Integer.toUnsignedString(request.getPairExperts(i)), request.getLayer()));
      }
    }
    return new ComputeCall(
        source,
        message.rows(),
        message.offset(),
        weights.hidden(),
        rows,
        blocks,
        RowServices.BUFFERS.take(pairs * weights.hidden()),
        deadline(request.getTimeoutMicros(), nowNanos),
        onEnd);
  }

  private static long deadline(long timeoutMicros, long nowNanos) {
    // More than a century is none, and would overflow.
    return timeoutMicros <= 0 || timeoutMicros > TimeUnit.DAYS.toMicros(36500)
        ? Long.MAX_VALUE
        : nowNanos + TimeUnit.MICROSECONDS.toNanos(timeoutMicros);
  }

  private static void require(boolean holds, String sentence) {
    if (!holds) {
      throw invalid(sentence);
    }
  }

  private static MeshException invalid(String sentence) {
    return new MeshException(ErrorCode.INVALID_ARGUMENT, "ExpertRequest." + sentence + ".");
  }
}
