package io.expertmesh.attention.core;

import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.util.Objects;
import java.util.Optional;

/**
 * What a model asks of requests whose gating policy assigns all tokens of a prompt together.
 *
 * @param policies names of these rules
 * @param rows most tokens of a prompt
 * @param bound where that limit is from
 * @param decodes whether tokens can be generated
 */
public record WholePrompts(String policies, int rows, String bound, boolean decodes) {
  public WholePrompts {
    Objects.requireNonNull(policies, "policies");
    Objects.requireNonNull(bound, "bound");
  }

  /**
   * The rules of a model, if it has any.
   *
   * @param routed where its routed blocks are computed
   */
  public static Optional<WholePrompts> of(
      ModelSpec spec, SchedulerLimits limits, RoutedLayers routed) {
    if (!spec.wholePrompts()) {
      return Optional.empty();
    }
    int step = limits.wholeRows();
    int message = routed.wholeRows(spec.mostChoices());
    return Optional.of(
        new WholePrompts(
            spec.policyNames(),
            Math.min(step, message),
            step <= message
                ? "max-batch-tokens, which is "
                    + limits.maxBatchTokens()
                    + ", less max-sequences, which is "
                    + limits.maxSequences()
                : "the rows of one message to a router",
            spec.decodes()));
  }

  /**
   * Checks a request.
   *
   * @throws MeshException INVALID_ARGUMENT or CONTEXT_LENGTH_EXCEEDED
   */
  void check(GenerationRequest request) {
    int length = request.promptLength();
    if (length > rows) {
      throw new MeshException(
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          "prompt_ids has "
              + length
              + " tokens, the limit is "
              + rows
              + " ("
              + bound
              + "): the gating policy of this model ("
              + policies
              + ") assigns all tokens of a prompt together");
    }
    if (request.maxTokens() > 0 && !decodes) {
      throw new MeshException(
          ErrorCode.INVALID_ARGUMENT,
          "max_tokens is "
              + request.maxTokens()
              + " and must be 0: in this model experts choose tokens ("
              + policies
              + "), which depends on the tokens that follow, and the checkpoint has no thresholds"
              + " to decide by; score whole prompts, add gate.expert_thresholds to the checkpoint,"
              + " or serve a model whose tokens choose experts");
    }
    int alternatives = request.promptLogprobs().orElse(0);
    long scores = request.promptLogprobs().isPresent() ? length * (1L + alternatives) : 0;
    if (scores > Sequence.MAX_SCORES_PER_CHUNK) {
      throw new MeshException(
          ErrorCode.INVALID_ARGUMENT,
          "prompt_logprobs is "
              + alternatives
              + " for the "
              + length
              + " tokens of prompt_ids, the limit is "
              + (Sequence.MAX_SCORES_PER_CHUNK / length - 1)
              + " where a prompt is computed in one piece");
    }
  }
}
