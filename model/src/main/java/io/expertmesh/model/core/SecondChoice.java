package io.expertmesh.model.core;

/**
 * Which second experts GShard's gate keeps; {@code g} is the second weight after division by the
 * sum of both.
 */
public sealed interface SecondChoice {
  /** All of them. */
  record All() implements SecondChoice {}

  /** None. */
  record None() implements SecondChoice {}

  /** Those with {@code g > threshold}. */
  record Threshold(double threshold) implements SecondChoice {}

  /**
   * Those with {@code g > threshold · u} for a uniform {@code u}. The paper keeps {@code 2g > u},
   * which is a threshold of 0.5; Mesh TensorFlow's default is 0.2. The draw is a function of the
   * seed and the row's logits, so that a row is treated alike wherever it stands.
   *
   * @param threshold weight from which a second choice is always kept
   * @param seed of the draws
   * @param rejectedTakeSlots a choice that is not kept still counts against the expert's capacity,
   *     as in the paper's loop
   */
  record Random(double threshold, long seed, boolean rejectedTakeSlots) implements SecondChoice {}
}
