package io.expertmesh.model.core;

import java.util.Objects;
import java.util.Optional;

/**
 * A linear map {@code y = x · Wᵀ + b}.
 *
 * @param weight {@code [outputs, inputs]}
 * @param bias {@code outputs} values, if the map has one
 */
public record Linear(TensorRef weight, Optional<TensorRef> bias) {
  public Linear {
    Objects.requireNonNull(weight, "weight");
    Objects.requireNonNull(bias, "bias");
  }

  /** A map without a bias. */
  public static Linear of(TensorRef weight) {
    return new Linear(weight, Optional.empty());
  }
}
