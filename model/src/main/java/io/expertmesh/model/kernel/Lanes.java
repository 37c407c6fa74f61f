package io.expertmesh.model.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector shape of this machine: 128, 256 or 512 bits, so that a whole number of vectors spans
 * the 16 lanes of {@link SumOrder} and the 16 keys of a page.
 */
final class Lanes {
  static final VectorSpecies<Float> F =
      FloatVector.SPECIES_PREFERRED.length() > FloatVector.SPECIES_512.length()
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED;
  static final VectorSpecies<Integer> I = F.withLanes(int.class);

  static final VectorSpecies<Double> D = F.withLanes(double.class);

  /** As many floats as {@link #D} has doubles. */
  static final VectorSpecies<Float> HALF =
      VectorSpecies.of(float.class, VectorShape.forBitSize(F.vectorBitSize() / 2));

  /** As many 16-bit lanes as {@link #F} has floats. */
  static final VectorSpecies<Short> HALF_SHORT = VectorSpecies.of(short.class, HALF.vectorShape());

  /** Floats of one vector. */
  static final int COUNT = F.length();

  /** Outputs of one panel of weights: four vectors, which a micro-kernel keeps in registers. */
  static final int PANEL = 4 * COUNT;

  /** Sign, exponent and the seven high bits of the fraction: a bf16 number in an fp32 one. */
  static final int BF16_BITS = 0xffff0000;

  private Lanes() {}
}
