package io.expertmesh.attention.transport;

import io.expertmesh.attention.core.Engine;
import io.expertmesh.attention.core.GenerationRequest;
import io.expertmesh.attention.core.Ticket;
import io.expertmesh.attention.core.TokenSink;
import io.expertmesh.attention.core.TracedSink;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.trace.TraceSpan;
import io.expertmesh.protocol.core.trace.Tracing;
import io.expertmesh.protocol.transport.GrpcErrors;
import io.expertmesh.protocol.v1.DescribeRequest;
import io.expertmesh.protocol.v1.GenerateEvent;
import io.expertmesh.protocol.v1.GenerateRequest;
import io.expertmesh.protocol.v1.GenerationGrpc;
import io.expertmesh.protocol.v1.ModelDescription;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Token ids in, tokens out. Answers SERVICE_UNAVAILABLE until an engine is given to it. */
public final class GenerationService extends GenerationGrpc.GenerationImplBase {
  private static final String NAME = GenerationGrpc.getGenerateMethod().getFullMethodName();

  private final Executor loop;
  private final Supplier<ModelDescription> description;
  private final long longestNanos;
  private final Tracing tracing;
  private volatile @Nullable Engine engine;

  /**
   * @param loop the event loop that calls this service
   * @param description what to say of the model now
   * @param longestNanos most time that a request may have, and what it has if it does not say
   * @param tracing tells of requests whose caller traces them
   */
  public GenerationService(
      Executor loop, Supplier<ModelDescription> description, long longestNanos, Tracing tracing) {
    this.loop = Objects.requireNonNull(loop, "loop");
    this.description = Objects.requireNonNull(description, "description");
    this.longestNanos = longestNanos;
    this.tracing = Objects.requireNonNull(tracing, "tracing");
  }

  /** From now on requests are served. */
  public void serve(Engine started) {
    engine = started;
  }

  @Override
  public void generate(GenerateRequest message, StreamObserver<GenerateEvent> observer) {
    ServerCallStreamObserver<GenerateEvent> call =
        (ServerCallStreamObserver<GenerateEvent>) observer;
    Engine serving = engine;
    TraceSpan span = span(message.getTraceparent());
    try {
      if (serving == null) {
        throw new MeshException(
            ErrorCode.SERVICE_UNAVAILABLE, "this attention-service is still loading its weights");
      }
      GenerationRequest request =
          GenerationMessages.request(message, System.nanoTime(), longestNanos);
      GenerationCall generation = new GenerationCall(call, loop);
      call.setOnReadyHandler(generation::drain);
      TokenSink sink = generation.outbox();
      Ticket ticket =
          serving.submit(request, span == TraceSpan.none() ? sink : new TracedSink(sink, span));
      call.setOnCancelHandler(() -> serving.cancel(ticket, "the caller left"));
    } catch (MeshException e) {
      span.failed(e.code().name().toLowerCase(Locale.ROOT));
      span.end();
      call.onError(GrpcErrors.toGrpc(e));
    }
  }

  private TraceSpan span(String traceparent) {
    return traceparent.isEmpty()
        ? TraceSpan.none()
        : tracing.begin(NAME, Tracing.Side.SERVER, traceparent);
  }

  @Override
  public void describe(DescribeRequest request, StreamObserver<ModelDescription> observer) {
    observer.onNext(description.get());
    observer.onCompleted();
  }
}
