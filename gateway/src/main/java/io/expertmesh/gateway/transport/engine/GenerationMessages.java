package io.expertmesh.gateway.transport.engine;

import com.google.protobuf.ByteString;
import io.expertmesh.gateway.core.generation.GenerationEnd;
import io.expertmesh.gateway.core.generation.GenerationSpec;
import io.expertmesh.gateway.core.generation.ReplicaDescription;
import io.expertmesh.gateway.core.generation.RoutedLayer;
import io.expertmesh.gateway.core.generation.ScoredToken;
import io.expertmesh.gateway.core.generation.TokenRouting;
import io.expertmesh.gateway.core.request.SamplingOptions;
import io.expertmesh.protocol.v1.FinishReason;
import io.expertmesh.protocol.v1.Finished;
import io.expertmesh.protocol.v1.GenerateRequest;
import io.expertmesh.protocol.v1.LogitBias;
import io.expertmesh.protocol.v1.ModelDescription;
import io.expertmesh.protocol.v1.RoutedTokens;
import io.expertmesh.protocol.v1.SamplingParams;
import io.expertmesh.protocol.v1.TokenLogprob;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/** Between the gateway's records and the messages of {@code Generation}. */
final class GenerationMessages {
  private GenerationMessages() {}

  static GenerateRequest request(GenerationSpec spec, long timeoutMillis) {
    GenerateRequest.Builder request =
        GenerateRequest.newBuilder()
            .setRequestId(spec.requestId())
            .setGenerated(spec.generated())
            .setMaxTokens(spec.maxTokens())
            .setMinTokens(spec.minTokens())
            .setSampling(sampling(spec.sampling()))
            .addAllStopTokenIds(spec.stopIds())
            .setIgnoreEos(spec.ignoreEos())
            .setTimeoutMillis(timeoutMillis)
            .setCacheSalt(ByteString.copyFromUtf8(spec.tenant()))
            .setTraceparent(spec.trace());
    for (int id : spec.promptIds()) {
      request.addPromptIds(id);
    }
    Integer logprobs = spec.logprobs();
    if (logprobs != null) {
      request.setLogprobs(logprobs);
    }
    Integer promptLogprobs = spec.promptLogprobs();
    if (promptLogprobs != null) {
      request.setPromptLogprobs(promptLogprobs);
    }
    Integer routingFrom = spec.routingFrom();
    if (routingFrom != null) {
      request.setRoutingFrom(routingFrom);
    }
    return request.build();
  }

  static ScoredToken token(io.expertmesh.protocol.v1.ScoredToken message) {
    int count = message.getTopCount();
    if (count == 0 && !message.hasLogprob()) {
      return ScoredToken.plain(message.getTokenId());
    }
    int[] ids = new int[count];
    float[] logprobs = new float[count];
    for (int i = 0; i < count; i++) {
      TokenLogprob top = message.getTop(i);
      ids[i] = top.getTokenId();
      logprobs[i] = top.getLogprob();
    }
    Float logprob = message.hasLogprob() ? message.getLogprob() : null;
    return new ScoredToken(message.getTokenId(), logprob, ids, logprobs);
  }

  static List<TokenRouting> routing(RoutedTokens message) {
    return message.getTokensList().stream()
        .map(
            token ->
                new TokenRouting(
                    ints(token.getCountsList()),
                    ints(token.getExpertsList()),
                    floats(token.getWeightsList()),
                    ints(token.getDroppedCountsList()),
                    ints(token.getDroppedExpertsList()),
                    floats(token.getDroppedWeightsList())))
        .toList();
  }

  private static int[] ints(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).toArray();
  }

  private static float[] floats(List<Float> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i);
    }
    return floats;
  }

  static GenerationEnd end(Finished finished) {
    GenerationEnd.Reason reason =
        finished.getReason() == FinishReason.FINISH_REASON_STOP
            ? GenerationEnd.Reason.STOP
            : GenerationEnd.Reason.LENGTH;
    return new GenerationEnd(reason, finished.getCachedTokens());
  }

  static ReplicaDescription description(ModelDescription model) {
    return new ReplicaDescription(
        model.getModelId(),
        model.getWeightsVersion(),
        model.getNumericsClass(),
        model.getVocabSize(),
        model.getMaxContext(),
        model.getMaxLogprobs(),
        Set.copyOf(model.getEosTokenIdsList()),
        model.getRoutedLayersList().stream()
            .map(
                layer ->
                    new RoutedLayer(
                        layer.getLayer(),
                        layer.getExperts(),
                        layer.getPolicy(),
                        layer.getMostChoices()))
            .toList(),
        model.getReady(),
        model.getWaitsForExperts(),
        model.getNotReadyReason());
  }

  private static SamplingParams sampling(SamplingOptions options) {
    Long seed = options.seed();
    SamplingParams.Builder sampling =
        SamplingParams.newBuilder()
            .setTemperature(options.temperature())
            .setTopK(options.topK())
            .setTopP(options.topP())
            .setMinP(options.minP())
            .setPresencePenalty(options.presencePenalty())
            .setFrequencyPenalty(options.frequencyPenalty())
            .setRepetitionPenalty(options.repetitionPenalty())
            .setSeed(seed == null ? 0 : seed);
    new TreeMap<>(options.logitBias())
        .forEach(
            (id, bias) ->
                sampling.addLogitBias(LogitBias.newBuilder().setTokenId(id).setBias(bias)));
    return sampling.build();
  }
}
