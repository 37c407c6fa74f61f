package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.GenerationSpec;
import io.expertmesh.gateway.core.request.ApiError;
import io.expertmesh.gateway.core.request.ApiException;
import io.expertmesh.gateway.core.request.GenerationRequest;
import io.expertmesh.gateway.core.request.ModelCard;
import io.expertmesh.gateway.core.request.OutputOptions;
import io.expertmesh.gateway.core.request.PromptInput;
import io.expertmesh.gateway.core.request.RequestLimits;
import io.expertmesh.gateway.core.request.SamplingOptions;
import io.expertmesh.gateway.core.text.TokenDecoder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns a request into the sequences to generate. What depends on prompt lengths is judged here.
 */
public final class AnswerPlanner {
  /** Spreads the seeds of a prompt's choices (the golden ratio in 64 bits). */
  private static final long SEED_STEP = 0x9E3779B97F4A7C15L;

  private final TextSide text;
  private final RequestLimits limits;
  private final LongSupplier random;

  /**
   * @param random seeds for requests without one, and ids
   */
  public AnswerPlanner(TextSide text, RequestLimits limits, LongSupplier random) {
    this.text = text;
    this.limits = limits;
    this.random = random;
  }

  /**
   * The plan of a request.
   *
   * @param tenant whose request it is; may be empty
   * @param createdSeconds since 1970
   * @param deadlineNanos on the clock of {@code System.nanoTime}
   */
  public AnswerPlan plan(
      GenerationRequest request,
      ModelCard model,
      String tenant,
      long createdSeconds,
      long deadlineNanos) {
    OutputOptions output = request.output();
    String prefix =
        switch (request.api()) {
          case COMPLETIONS -> "cmpl-";
          case CHAT -> "chatcmpl-";
          case ROUTING -> "routing-";
        };
    String id = prefix + hex(random.getAsLong()) + hex(random.getAsLong());
    Long given = request.sampling().seed();
    long seed = given == null ? random.getAsLong() : given;
    TokenDecoder decoder = text.decoder(output.skipSpecialTokens());
    List<AnswerPlan.Sequence> sequences = new ArrayList<>();
    RoutingBound routing = new RoutingBound(request, model, limits);
    for (PromptInput prompt : request.prompts()) {
      int[] ids = text.ids(prompt, model.maxContext());
      int maxTokens = maxTokens(request, model, ids.length);
      checkScoring(output, ids.length);
      routing.add(ids.length, maxTokens);
      String echo = output.echo() ? echo(prompt, ids, decoder) : null;
      for (int choice = 0; choice < output.n(); choice++) {
        SamplingOptions sampling = request.sampling().withSeed(seed + choice * SEED_STEP);
        String name = id + "-" + sequences.size();
        sequences.add(
            new AnswerPlan.Sequence(
                spec(request, model, name, tenant, ids, maxTokens, sampling, deadlineNanos), echo));
      }
    }
    return new AnswerPlan(
        request.api(),
        new AnswerHead(
            id,
            createdSeconds,
            model.id(),
            output.streamUsage(),
            output.tokenIds(),
            output.logprobs(),
            output.routing(),
            model.routedLayers()),
        sequences,
        output.n(),
        request.stop().strings(),
        output.stream(),
        decoder,
        text.names(output.tokensAsIds()));
  }

  private static GenerationSpec spec(
      GenerationRequest request,
      ModelCard model,
      String name,
      String tenant,
      int[] ids,
      int maxTokens,
      SamplingOptions sampling,
      long deadlineNanos) {
    OutputOptions output = request.output();
    Set<Integer> stopIds = new HashSet<>(request.stop().tokenIds());
    @Nullable Integer promptLogprobs = output.echo() ? output.logprobs() : null;
    return new GenerationSpec(
        name,
        tenant,
        ids,
        0,
        maxTokens,
        Math.min(request.stop().minTokens(), maxTokens),
        sampling,
        stopIds,
        model.eosIds(),
        request.stop().ignoreEos(),
        output.logprobs(),
        promptLogprobs,
        output.routing() ? 0 : null,
        deadlineNanos,
        "");
  }

  private static int maxTokens(GenerationRequest request, ModelCard model, int promptTokens) {
    String param = request.api() == GenerationRequest.Api.CHAT ? "messages" : "prompt";
    if (promptTokens == 0) {
      throw ApiException.invalid(param, "'" + param + "' has no tokens.");
    }
    int rest = model.maxContext() - promptTokens;
    Integer given = request.maxTokens();
    int wanted = given == null ? 1 : given;
    if (rest < wanted) {
      boolean promptAlone = rest < Math.min(1, wanted);
      throw new ApiException(
          ApiError.invalid(
              promptAlone ? param : "max_tokens",
              "context_length_exceeded",
              promptAlone
                  ? "'"
                      + param
                      + "' has "
                      + promptTokens
                      + " tokens, which leaves no room to"
                      + " generate; the model's context is "
                      + model.maxContext()
                      + "."
                  : "'max_tokens' is "
                      + wanted
                      + " and the prompt has "
                      + promptTokens
                      + " tokens; the model's context is "
                      + model.maxContext()
                      + "."));
    }
    return given == null ? Math.min(rest, request.defaultMaxTokens()) : given;
  }

  private void checkScoring(OutputOptions output, int promptTokens) {
    Integer logprobs = output.logprobs();
    if (output.echo()
        && logprobs != null
        && (long) logprobs * promptTokens > limits.scoredValues()) {
      throw ApiException.invalid(
          "logprobs",
          "'logprobs' × prompt tokens is "
              + (long) logprobs * promptTokens
              + "; the limit is "
              + limits.scoredValues()
              + ".");
    }
  }

  private static String echo(PromptInput prompt, int[] ids, TokenDecoder decoder) {
    return switch (prompt) {
      case PromptInput.Text given -> given.text();
      case PromptInput.Ids given -> decoder.decode(given.ids(), 0, given.ids().length);
      case PromptInput.Chat given -> decoder.decode(ids, 0, ids.length);
    };
  }

  private static String hex(long bits) {
    return String.format(java.util.Locale.ROOT, "%016x", bits);
  }
}
