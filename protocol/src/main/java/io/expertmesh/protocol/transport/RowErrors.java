package io.expertmesh.protocol.transport;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/** Failures of reading or writing row messages. */
final class RowErrors {
  private RowErrors() {}

  /** The bytes of the peer break a rule; the sentence names the field. */
  static StatusRuntimeException invalid(String sentence) {
    return Status.INVALID_ARGUMENT.withDescription(sentence).asRuntimeException();
  }

  /** The transport failed us. */
  static StatusRuntimeException internal(String sentence, Throwable cause) {
    return Status.INTERNAL.withDescription(sentence).withCause(cause).asRuntimeException();
  }
}
