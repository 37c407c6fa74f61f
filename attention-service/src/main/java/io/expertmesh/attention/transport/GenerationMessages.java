package io.expertmesh.attention.transport;

import com.google.protobuf.ByteString;
import io.expertmesh.attention.core.GenerationRequest;
import io.expertmesh.attention.core.SamplingSettings;
import io.expertmesh.attention.core.ScoredToken;
import io.expertmesh.attention.core.TokenEvent;
import io.expertmesh.protocol.v1.FinishReason;
import io.expertmesh.protocol.v1.Finished;
import io.expertmesh.protocol.v1.GenerateEvent;
import io.expertmesh.protocol.v1.GenerateRequest;
import io.expertmesh.protocol.v1.LogitBias;
import io.expertmesh.protocol.v1.PromptScores;
import io.expertmesh.protocol.v1.SamplingParams;
import io.expertmesh.protocol.v1.TokenLogprob;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/** Between the Generation messages and the engine's own types. */
final class GenerationMessages {
  /** Tokens and alternatives of one message: well below 1 MiB. */
  private static final int MAX_WEIGHT = 32_768;

  private GenerationMessages() {}

  /**
   * Reads a request. Unsigned fields above 2³¹ become negative, which the rules refuse.
   *
   * @param now on the engine's clock
   * @param longest most time that a request may have
   */
  static GenerationRequest request(GenerateRequest message, long now, long longest) {
    long millis = message.getTimeoutMillis();
    long asked = millis <= 0 ? longest : TimeUnit.MILLISECONDS.toNanos(millis);
    ByteString salt = message.getCacheSalt();
    return new GenerationRequest(
        message.getRequestId(),
        ints(message.getPromptIdsList()),
        message.getGenerated(),
        message.getMaxTokens(),
        message.getMinTokens(),
        message.hasSampling() ? sampling(message.getSampling()) : SamplingSettings.greedy(),
        ints(message.getStopTokenIdsList()),
        message.getIgnoreEos(),
        message.hasLogprobs() ? OptionalInt.of(message.getLogprobs()) : OptionalInt.empty(),
        message.hasPromptLogprobs()
            ? OptionalInt.of(message.getPromptLogprobs())
            : OptionalInt.empty(),
        now + Math.min(asked, longest),
        salt.toByteArray(),
        message.hasRoutingFrom() ? OptionalInt.of(message.getRoutingFrom()) : OptionalInt.empty());
  }

  /** Messages of an event that is not a failure. */
  static List<GenerateEvent> events(TokenEvent event) {
    return switch (event) {
      case TokenEvent.Generated generated ->
          List.of(GenerateEvent.newBuilder().setToken(token(generated.token())).build());
      case TokenEvent.PromptScored scored -> prompt(scored);
      case TokenEvent.Routed routed -> RoutingMessages.events(routed);
      case TokenEvent.Finished finished ->
          List.of(GenerateEvent.newBuilder().setFinished(finished(finished)).build());
      case TokenEvent.Failed _ -> List.of();
    };
  }

  private static SamplingSettings sampling(SamplingParams params) {
    int[] ids = new int[params.getLogitBiasCount()];
    float[] biases = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      LogitBias bias = params.getLogitBias(i);
      ids[i] = bias.getTokenId();
      biases[i] = bias.getBias();
    }
    return new SamplingSettings(
        params.getTemperature(),
        params.getTopK(),
        params.getTopP(),
        params.getMinP(),
        params.getPresencePenalty(),
        params.getFrequencyPenalty(),
        params.getRepetitionPenalty(),
        params.getSeed(),
        ids,
        biases);
  }

  private static List<GenerateEvent> prompt(TokenEvent.PromptScored scored) {
    List<GenerateEvent> events = new ArrayList<>();
    PromptScores.Builder scores =
        PromptScores.newBuilder().setFirstPosition(scored.firstPosition());
    int weight = 0;
    for (ScoredToken token : scored.tokens()) {
      int more = 1 + token.topIds().length;
      if (weight > 0 && weight + more > MAX_WEIGHT) {
        int next = scores.getFirstPosition() + scores.getTokensCount();
        events.add(GenerateEvent.newBuilder().setPrompt(scores).build());
        scores = PromptScores.newBuilder().setFirstPosition(next);
        weight = 0;
      }
      scores.addTokens(token(token));
      weight += more;
    }
    events.add(GenerateEvent.newBuilder().setPrompt(scores).build());
    return events;
  }

  private static io.expertmesh.protocol.v1.ScoredToken token(ScoredToken token) {
    var message = io.expertmesh.protocol.v1.ScoredToken.newBuilder().setTokenId(token.id());
    if (token.logprob().isPresent()) {
      message.setLogprob((float) token.logprob().getAsDouble());
    }
    for (int i = 0; i < token.topIds().length; i++) {
      message.addTop(
          TokenLogprob.newBuilder()
              .setTokenId(token.topIds()[i])
              .setLogprob(token.topLogprobs()[i]));
    }
    return message.build();
  }

  private static Finished finished(TokenEvent.Finished finished) {
    FinishReason reason =
        switch (finished.reason()) {
          case STOP -> FinishReason.FINISH_REASON_STOP;
          case LENGTH -> FinishReason.FINISH_REASON_LENGTH;
        };
    return Finished.newBuilder()
        .setReason(reason)
        .setPromptTokens(finished.promptTokens())
        .setCachedTokens(finished.cachedTokens())
        .setCompletionTokens(finished.completionTokens())
        .setPreemptions(finished.preemptions())
        .build();
  }

  private static int[] ints(List<Integer> list) {
    int[] ints = new int[list.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = list.get(i);
    }
    return ints;
  }
}
