package io.expertmesh.attention.core;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.util.Optional;

/**
 * What a request must be like. Every refusal names the field and the limit.
 *
 * @param vocabSize token ids are below it
 * @param maxContext prompt and generated tokens of one request
 * @param maxLogprobs alternatives per token
 * @param wholePrompts of a model that needs prompts whole
 */
public record RequestRules(
    int vocabSize, int maxContext, int maxLogprobs, Optional<WholePrompts> wholePrompts) {
  private static final float MAX_TEMPERATURE = 100;
  private static final float MAX_PENALTY = 2;
  private static final float MAX_BIAS = 100;
  private static final int MAX_STOP_IDS = 1024;

  /**
   * Checks a request.
   *
   * @throws MeshException INVALID_ARGUMENT or CONTEXT_LENGTH_EXCEEDED
   */
  public void check(GenerationRequest request) {
    checkPrompt(request);
    checkLengths(request);
    checkSampling(request.sampling());
    require(
        request.stopTokenIds().length <= MAX_STOP_IDS,
        "stop_token_ids has " + request.stopTokenIds().length + " ids, the limit is 1024");
    checkIds("stop_token_ids", request.stopTokenIds());
    checkLogprobs("logprobs", request.logprobs().orElse(0));
    checkLogprobs("prompt_logprobs", request.promptLogprobs().orElse(0));
    wholePrompts.ifPresent(whole -> whole.check(request));
  }

  private void checkPrompt(GenerationRequest request) {
    require(request.promptIds().length > 0, "prompt_ids is empty, at least 1 token is needed");
    require(
        request.generated() >= 0 && request.generated() < request.promptIds().length,
        "generated is "
            + request.generated()
            + " and must be at least 0 and below the "
            + request.promptIds().length
            + " ids of prompt_ids");
    int routingFrom = request.routingFrom().orElse(0);
    require(
        routingFrom >= 0 && routingFrom <= request.promptIds().length,
        "routing_from is "
            + Integer.toUnsignedString(routingFrom)
            + " and must be at most the "
            + request.promptIds().length
            + " ids of prompt_ids");
  }

  private void checkLengths(GenerationRequest request) {
    require(request.maxTokens() >= 0, "max_tokens is out of range, it must be at least 0");
    require(
        request.minTokens() >= 0 && request.minTokens() <= request.maxTokens(),
        "min_tokens is "
            + Integer.toUnsignedString(request.minTokens())
            + " and must be between 0 and max_tokens, which is "
            + request.maxTokens());
    long length = (long) request.promptLength() + request.maxTokens();
    if (length > maxContext || request.promptIds().length > maxContext) {
      throw new MeshException(
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          "prompt_ids has "
              + request.promptLength()
              + " tokens and max_tokens is "
              + request.maxTokens()
              + ", together more than the context of "
              + maxContext
              + " tokens");
    }
    checkIds("prompt_ids", request.promptIds());
  }

  private void checkSampling(SamplingSettings sampling) {
    between("temperature", sampling.temperature(), 0, MAX_TEMPERATURE);
    require(sampling.topK() >= 0, "top_k is out of range, it must be at least 0");
    require(
        sampling.topP() > 0 && sampling.topP() <= 1,
        "top_p is " + sampling.topP() + " and must be above 0 and at most 1");
    between("min_p", sampling.minP(), 0, 1);
    between("presence_penalty", sampling.presencePenalty(), -MAX_PENALTY, MAX_PENALTY);
    between("frequency_penalty", sampling.frequencyPenalty(), -MAX_PENALTY, MAX_PENALTY);
    require(
        sampling.repetitionPenalty() > 0 && sampling.repetitionPenalty() <= MAX_PENALTY,
        "repetition_penalty is "
            + sampling.repetitionPenalty()
            + " and must be above 0 and at most 2");
    checkIds("logit_bias", sampling.biasIds());
    for (float bias : sampling.biases()) {
      between("logit_bias", bias, -MAX_BIAS, MAX_BIAS);
    }
  }

  private void checkIds(String field, int[] ids) {
    for (int id : ids) {
      require(
          id >= 0 && id < vocabSize,
          field
              + " holds token id "
              + Integer.toUnsignedString(id)
              + ", ids must be below the vocabulary size of "
              + vocabSize);
    }
  }

  private void checkLogprobs(String field, int wanted) {
    require(
        wanted >= 0 && wanted <= maxLogprobs,
        field
            + " is "
            + Integer.toUnsignedString(wanted)
            + " and must be between 0 and "
            + maxLogprobs);
  }

  private static void between(String field, float value, float low, float high) {
    // written so that NaN is refused
    require(
        value >= low && value <= high,
        field + " is " + value + " and must be between " + low + " and " + high);
  }

  private static void require(boolean accepted, String message) {
    if (!accepted) {
      throw new MeshException(ErrorCode.INVALID_ARGUMENT, message);
    }
  }
}
