package io.expertmesh.gateway.transport.engine;

import io.expertmesh.gateway.core.generation.GenerationCall;
import io.expertmesh.gateway.core.generation.GenerationListener;
import io.expertmesh.gateway.core.generation.ScoredToken;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.transport.GrpcErrors;
import io.expertmesh.protocol.v1.GenerateEvent;
import io.expertmesh.protocol.v1.GenerateRequest;
import io.expertmesh.protocol.v1.PromptScores;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One Generate call: events to listener calls, with a window of events on the way. */
final class GenerationStream
    implements ClientResponseObserver<GenerateRequest, GenerateEvent>, GenerationCall {
  private static final Logger LOG = LoggerFactory.getLogger(GenerationStream.class);
  private static final int WINDOW = 64;

  private final GenerationListener listener;
  private volatile @Nullable ClientCallStreamObserver<GenerateRequest> call;
  private boolean over;

  GenerationStream(GenerationListener listener) {
    this.listener = listener;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<GenerateRequest> requestStream) {
    requestStream.disableAutoRequestWithInitial(WINDOW);
    call = requestStream;
  }

  @Override
  public void cancel() {
    ClientCallStreamObserver<GenerateRequest> started = call;
    if (started != null) {
      started.cancel("the client left or needs no more", null);
    }
  }

  @Override
  public void onNext(GenerateEvent event) {
    if (over) {
      return;
    }
    try {
      handle(event);
      ClientCallStreamObserver<GenerateRequest> started = call;
      if (started != null) {
        started.request(1);
      }
    } catch (RuntimeException e) {
      LOG.error("A generated event could not be handled", e);
      over = true;
      cancel();
      listener.failed(new MeshException(ErrorCode.INTERNAL, "The gateway failed.", e));
    }
  }

  @Override
  public void onError(Throwable failure) {
    if (!over) {
      over = true;
      listener.failed(GrpcErrors.fromGrpc(failure));
    }
  }

  @Override
  public void onCompleted() {
    if (!over) {
      over = true;
      listener.failed(
          new MeshException(
              ErrorCode.INTERNAL, "The attention-service ended a stream without its last event."));
    }
  }

  private void handle(GenerateEvent event) {
    switch (event.getEventCase()) {
      case PROMPT ->
          listener.prompt(event.getPrompt().getFirstPosition(), scores(event.getPrompt()));
      case ROUTING ->
          listener.routing(
              event.getRouting().getFirstPosition(),
              GenerationMessages.routing(event.getRouting()));
      case TOKEN -> listener.token(GenerationMessages.token(event.getToken()));
      case FINISHED -> {
        over = true;
        listener.finished(GenerationMessages.end(event.getFinished()));
      }
      case EVENT_NOT_SET ->
          throw new IllegalStateException("an event of a newer attention-service");
    }
  }

  private static List<ScoredToken> scores(PromptScores prompt) {
    List<ScoredToken> scores = new ArrayList<>(prompt.getTokensCount());
    prompt.getTokensList().forEach(token -> scores.add(GenerationMessages.token(token)));
    return scores;
  }
}
