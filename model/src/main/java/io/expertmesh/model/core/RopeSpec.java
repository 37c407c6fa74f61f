package io.expertmesh.model.core;

import java.util.Objects;

/**
 * Rotary position embedding (Su et al. 2021) of the first {@code dims} dimensions of a head; the
 * others pass through.
 *
 * @param theta base of the frequencies: {@code theta^(-2i / dims)}
 * @param dims rotated dimensions of a head, even
 * @param interleaved false: dimension i is paired with i + dims/2; true: 2i with 2i + 1
 * @param scaling how frequencies are stretched for long contexts
 */
public record RopeSpec(double theta, int dims, boolean interleaved, RopeScaling scaling)
    implements PositionSpec {
  public RopeSpec {
    Objects.requireNonNull(scaling, "scaling");
  }

  /** Half-split rotation without scaling. */
  public static RopeSpec plain(double theta, int dims) {
    return new RopeSpec(theta, dims, false, new RopeScaling.None());
  }
}
