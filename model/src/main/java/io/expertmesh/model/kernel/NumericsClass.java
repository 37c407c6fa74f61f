package io.expertmesh.model.kernel;

import java.util.Objects;

/**
 * What must be equal between two processes for their results to be equal to the last bit. A request
 * stays within one class.
 *
 * @param provider kernel provider and the version of its summation order, for example {@code fma1}
 * @param isa instruction set, where the provider's results depend on it; {@code any} where they do
 *     not
 * @param activations type that rows are rounded to at the input of every matrix product and on the
 *     wire
 */
public record NumericsClass(String provider, String isa, DType activations) {
  public NumericsClass {
    Objects.requireNonNull(provider, "provider");
    Objects.requireNonNull(isa, "isa");
    Objects.requireNonNull(activations, "activations");
  }

  /** The form that travels in leases and descriptions: {@code provider/isa/activations}. */
  public String label() {
    return provider + "/" + isa + "/" + activations.name().toLowerCase(java.util.Locale.ROOT);
  }
}
