package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.GenerationSpec;
import io.expertmesh.gateway.core.request.GenerationRequest;
import io.expertmesh.gateway.core.text.TokenDecoder;
import io.expertmesh.gateway.core.text.TokenNames;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request made ready: one sequence per choice.
 *
 * @param api which endpoint answers
 * @param sequences prompts × n; the choices of a prompt are neighbours
 * @param n choices per prompt
 * @param stopStrings text that ends a choice
 */
public record AnswerPlan(
    GenerationRequest.Api api,
    AnswerHead head,
    List<Sequence> sequences,
    int n,
    List<String> stopStrings,
    boolean stream,
    TokenDecoder decoder,
    TokenNames names) {
  public AnswerPlan {
    sequences = List.copyOf(sequences);
    stopStrings = List.copyOf(stopStrings);
  }

  /** Whose request it is; empty if it names nobody. */
  public String tenant() {
    return sequences.getFirst().spec().tenant();
  }

  /**
   * One choice to generate.
   *
   * @param echo text of the prompt if the answer begins with it, else null
   */
  public record Sequence(GenerationSpec spec, @Nullable String echo) {}
}
