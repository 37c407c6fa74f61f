package io.expertmesh.expert.transport;

import io.expertmesh.expert.core.CallOutcome;
import io.expertmesh.expert.core.ComputeCall;
import io.expertmesh.expert.core.ExpertWeights;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.v1.CallStatus;
import io.expertmesh.protocol.v1.ExpertReply;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Makes replies of ended calls. */
final class Replies {
  private Replies() {}

  static RowMessage<ExpertReply> invalid(long callId, String sentence) {
    return RowMessage.of(
        ExpertReply.newBuilder()
            .setCallId(callId)
            .setStatus(CallStatus.CALL_INVALID)
            .setError(sentence)
            .build());
  }

  /** The reply to a call; none if its router left. */
  static Optional<RowMessage<ExpertReply>> of(
      long callId, ComputeCall call, ExpertWeights weights) {
    return status(call.outcome())
        .map(
            status -> {
              ExpertReply.Builder reply =
                  ExpertReply.newBuilder()
                      .setCallId(callId)
                      .setStatus(status)
                      .setError(call.error())
                      .setWeightsVersion(weights.version())
                      .setQueueMicros((int) TimeUnit.NANOSECONDS.toMicros(call.queueNanos()))
                      .setComputeMicros((int) TimeUnit.NANOSECONDS.toMicros(call.computeNanos()));
              if (status != CallStatus.CALL_OK) {
                return RowMessage.of(reply.build());
              }
              return new RowMessage<>(
                  reply
                      .setRowCount(call.pairs())
                      .setWidth(weights.hidden())
                      .setDtype(WireTypes.of(weights.activations()))
                      .build(),
                  call.results(),
                  0,
                  call.pairs() * weights.hidden());
            });
  }

  private static Optional<CallStatus> status(CallOutcome outcome) {
    return switch (outcome) {
      case COMPLETED -> Optional.of(CallStatus.CALL_OK);
      case OVERLOADED -> Optional.of(CallStatus.CALL_OVERLOADED);
      case DEADLINE_EXCEEDED -> Optional.of(CallStatus.CALL_DEADLINE_EXCEEDED);
      case DRAINING -> Optional.of(CallStatus.CALL_DRAINING);
      case FAILED -> Optional.of(CallStatus.CALL_INTERNAL);
      case CANCELLED -> Optional.empty();
    };
  }
}
