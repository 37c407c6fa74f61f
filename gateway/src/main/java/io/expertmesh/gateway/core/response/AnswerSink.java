package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.request.ApiError;

/** Where an answer goes. Calls never overlap; after {@link #end} or {@link #fail} none follows. */
public interface AnswerSink {
  /** One JSON object: an event of a stream, or the whole answer. */
  void write(byte[] json);

  /** The answer is complete. */
  void end();

  /** The answer failed; some of a stream may be out already. */
  void fail(ApiError error);
}
