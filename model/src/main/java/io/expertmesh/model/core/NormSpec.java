package io.expertmesh.model.core;

import java.util.Objects;

/**
 * RMSNorm with its weight vector of {@code hiddenSize} values.
 *
 * @param eps added to the mean square, inside the root
 */
public record NormSpec(TensorRef weight, float eps) {
  public NormSpec {
    Objects.requireNonNull(weight, "weight");
  }
}
