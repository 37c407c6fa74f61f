package io.expertmesh.model.core;

import java.util.Objects;
import java.util.Optional;

/**
 * A normalisation with its weight vector.
 *
 * @param kind which formula
 * @param weight factors; their number is the width that is normalised
 * @param bias what is added at the end; only a {@link Kind#LAYER} norm may have one
 * @param eps added to the mean square or variance, inside the root
 */
public record NormSpec(Kind kind, TensorRef weight, Optional<TensorRef> bias, float eps) {
  /** The formulas. */
  public enum Kind {
    /** {@code w · x · rsqrt(mean(x²) + eps)}. */
    RMS,
    /** {@code (1 + w) · x · rsqrt(mean(x²) + eps)}: the weight is stored as an offset. */
    RMS_OFFSET,
    /** {@code w · (x − mean(x)) · rsqrt(var(x) + eps) + b}, population variance. */
    LAYER
  }

  public NormSpec {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(weight, "weight");
    Objects.requireNonNull(bias, "bias");
    if (bias.isPresent() && kind != Kind.LAYER) {
      throw new IllegalArgumentException("an RMS norm has no bias");
    }
  }

  /** An RMSNorm. */
  public static NormSpec rms(TensorRef weight, float eps) {
    return new NormSpec(Kind.RMS, weight, Optional.empty(), eps);
  }
}
