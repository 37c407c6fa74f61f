package io.expertmesh.model.core;

/** How attention scores learn where tokens stand. */
public sealed interface PositionSpec permits RopeSpec, PositionSpec.Alibi, PositionSpec.None {
  /**
   * A slope per head times the key's position is added to the scaled scores (Press et al. 2022).
   * The slopes follow from the number of heads.
   */
  record Alibi() implements PositionSpec {}

  /** No position at all. */
  record None() implements PositionSpec {}
}
