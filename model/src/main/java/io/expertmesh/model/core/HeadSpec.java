package io.expertmesh.model.core;

import java.util.Objects;
import java.util.OptionalDouble;

/**
 * The LM head: {@code logits = cap(scale · linear(x))}.
 *
 * @param linear {@code [vocabSize, hiddenSize]}; the weight is the embedding itself where the two
 *     are tied
 * @param scale factor on the logits
 * @param softCap {@code c · tanh(logit / c)} after scaling, if given
 */
public record HeadSpec(Linear linear, float scale, OptionalDouble softCap) {
  public HeadSpec {
    Objects.requireNonNull(linear, "linear");
    Objects.requireNonNull(softCap, "softCap");
  }
}
