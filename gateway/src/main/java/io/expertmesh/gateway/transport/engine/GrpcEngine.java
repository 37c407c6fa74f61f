package io.expertmesh.gateway.transport.engine;

import io.expertmesh.gateway.core.generation.GenerationCall;
import io.expertmesh.gateway.core.generation.GenerationEngine;
import io.expertmesh.gateway.core.generation.GenerationListener;
import io.expertmesh.gateway.core.generation.GenerationSpec;
import io.expertmesh.protocol.core.trace.TraceSpan;
import io.expertmesh.protocol.core.trace.Tracing;
import io.expertmesh.protocol.v1.GenerationGrpc;
import io.grpc.Channel;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** One attention replica over gRPC. */
public final class GrpcEngine implements GenerationEngine {
  /** How much later than the replica the gateway gives up, so that the replica's error arrives. */
  private static final long GRACE_MILLIS = 500;

  private static final String NAME = GenerationGrpc.getGenerateMethod().getFullMethodName();

  private final GenerationGrpc.GenerationStub stub;
  private final Tracing tracing;

  /**
   * @param executor runs the callbacks; detokenizing and JSON happen there, not on the event loop
   */
  public GrpcEngine(Channel channel, Executor executor, Tracing tracing) {
    this.stub = GenerationGrpc.newStub(channel).withExecutor(executor);
    this.tracing = tracing;
  }

  @Override
  public GenerationCall generate(GenerationSpec spec, GenerationListener listener) {
    if (spec.trace().isEmpty()) {
      return call(spec, listener);
    }
    TraceSpan span = tracing.begin(NAME, Tracing.Side.CLIENT, spec.trace());
    span.put("rpc.system", "grpc");
    return call(spec.tracedBy(span.traceparent()), new TracedAttempt(listener, span));
  }

  private GenerationCall call(GenerationSpec spec, GenerationListener listener) {
    long leftMillis =
        Math.max(1, TimeUnit.NANOSECONDS.toMillis(spec.deadlineNanos() - System.nanoTime()));
    GenerationStream stream = new GenerationStream(listener);
    stub.withDeadlineAfter(leftMillis + GRACE_MILLIS, TimeUnit.MILLISECONDS)
        .generate(GenerationMessages.request(spec, leftMillis), stream);
    return stream;
  }
}
