package io.expertmesh.gateway.transport.http;

import io.expertmesh.gateway.core.request.ApiError;
import io.expertmesh.gateway.core.request.ApiException;
import io.expertmesh.gateway.core.response.AnswerSink;
import reactor.core.publisher.MonoSink;

/** An answer in one piece. */
final class WholeAnswer implements AnswerSink {
  private final MonoSink<byte[]> body;

  WholeAnswer(MonoSink<byte[]> body) {
    this.body = body;
  }

  @Override
  public void write(byte[] json) {
    body.success(json);
  }

  @Override
  public void end() {
    // The one write was all.
  }

  @Override
  public void fail(ApiError error) {
    body.error(new ApiException(error));
  }
}
