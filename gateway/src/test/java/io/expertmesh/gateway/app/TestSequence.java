package io.expertmesh.gateway.app;

import io.expertmesh.protocol.v1.FinishReason;
import io.expertmesh.protocol.v1.Finished;
import io.expertmesh.protocol.v1.GenerateEvent;
import io.expertmesh.protocol.v1.GenerateRequest;
import io.expertmesh.protocol.v1.PromptScores;
import io.expertmesh.protocol.v1.RoutedTokens;
import io.expertmesh.protocol.v1.ScoredToken;
import io.expertmesh.protocol.v1.TokenLogprob;
import io.grpc.stub.ServerCallStreamObserver;

/** One sequence of a {@link TestGeneration}; runs whenever the stream takes more. */
final class TestSequence implements Runnable {
  private final TestGeneration model;
  private final GenerateRequest request;
  private final ServerCallStreamObserver<GenerateEvent> call;
  private int position;
  private boolean begun;
  private boolean over;
  private boolean waiting;

  TestSequence(
      TestGeneration model, GenerateRequest request, ServerCallStreamObserver<GenerateEvent> call) {
    this.model = model;
    this.request = request;
    this.call = call;
    this.position = request.getGenerated();
  }

  static float logprob(int position) {
    return -(position + 1) / 7f;
  }

  @Override
  public void run() {
    if (over || waiting || call.isCancelled() || model.refusal != null) {
      return;
    }
    if (!begun) {
      begun = true;
      scorePrompt();
      route(request.getRoutingFrom(), request.getPromptIdsCount());
    }
    while (!over && call.isReady()) {
      if (position >= model.pauseAfter) {
        model.pausedAt.add(position);
        waiting = true;
        return;
      }
      step();
      if (model.delayMillis > 0 && !over) {
        waiting = true;
        model.later(
            () -> {
              waiting = false;
              run();
            },
            model.delayMillis);
        return;
      }
    }
  }

  private void step() {
    if (position == request.getMaxTokens()) {
      finish(FinishReason.FINISH_REASON_LENGTH);
      return;
    }
    int[] script = model.script;
    int token = TestGeneration.tokenAt(request, position);
    if (script.length > 0) {
      token = position < script.length ? script[position] : 0;
    }
    ScoredToken.Builder scored = ScoredToken.newBuilder().setTokenId(token);
    if (request.hasLogprobs()) {
      score(scored, token, position, request.getLogprobs());
    }
    if (position > request.getGenerated()) {
      route(promptLength() + position - 1, promptLength() + position);
    }
    call.onNext(GenerateEvent.newBuilder().setToken(scored).build());
    position++;
    boolean end = token == 0 && !request.getIgnoreEos() && position > request.getMinTokens();
    if (end || request.getStopTokenIdsList().contains(token)) {
      finish(FinishReason.FINISH_REASON_STOP);
    }
  }

  private void scorePrompt() {
    if (!request.hasPromptLogprobs()) {
      return;
    }
    int half = (request.getPromptIdsCount() + 1) / 2;
    for (int from = 0; from < request.getPromptIdsCount(); from += half) {
      PromptScores.Builder scores = PromptScores.newBuilder().setFirstPosition(from);
      for (int i = from; i < Math.min(from + half, request.getPromptIdsCount()); i++) {
        ScoredToken.Builder token = ScoredToken.newBuilder().setTokenId(request.getPromptIds(i));
        if (i > 0) {
          score(token, request.getPromptIds(i), i, request.getPromptLogprobs());
        }
        scores.addTokens(token);
      }
      call.onNext(GenerateEvent.newBuilder().setPrompt(scores).build());
    }
  }

  private static void score(ScoredToken.Builder token, int id, int position, int alternatives) {
    token.setLogprob(logprob(position));
    for (int k = 0; k < alternatives; k++) {
      token.addTop(
          TokenLogprob.newBuilder()
              .setTokenId((id + k) % TestGeneration.VOCAB)
              .setLogprob(logprob(position) - k * 0.5f));
    }
  }

  private int promptLength() {
    return request.getPromptIdsCount() - request.getGenerated();
  }

  /** Tells the experts of these positions, in two messages if there are many. */
  private void route(int from, int to) {
    if (!request.hasRoutingFrom()) {
      return;
    }
    int half = Math.max(1, (to - from) / 2);
    for (int first = from; first < to; first += half) {
      RoutedTokens.Builder tokens = RoutedTokens.newBuilder().setFirstPosition(first);
      for (int at = first; at < Math.min(to, first + half); at++) {
        tokens.addTokens(TestRouting.at(at));
      }
      call.onNext(GenerateEvent.newBuilder().setRouting(tokens).build());
    }
  }

  private void finish(FinishReason reason) {
    over = true;
    int prompt = promptLength();
    call.onNext(
        GenerateEvent.newBuilder()
            .setFinished(
                Finished.newBuilder()
                    .setReason(reason)
                    .setPromptTokens(prompt)
                    .setCachedTokens(prompt / 2)
                    .setCompletionTokens(position))
            .build());
    call.onCompleted();
  }
}
