package io.expertmesh.model.core;

import java.util.Objects;

/** How the values of a matrix are stored. */
public sealed interface TensorEncoding {
  /** As numbers of the tensor's own type. */
  record Plain() implements TensorEncoding {}

  /**
   * 8-bit floats with 4 bits of exponent, one factor per block: {@code value = fp8 · scales[row /
   * blockRows, column / blockColumns]} (DeepSeek-V3, 2024). Decodes to fp32.
   *
   * @param scales tensor of the factors
   * @param blockRows rows of a block
   * @param blockColumns columns of a block
   */
  record Fp8Blocks(String scales, int blockRows, int blockColumns) implements TensorEncoding {
    public Fp8Blocks {
      Objects.requireNonNull(scales, "scales");
    }
  }

  /**
   * 4-bit floats, 32 of a row with one power of two (OCP MX 2023): the tensor has 16 bytes per
   * block, the lower half of a byte first. Decodes to bf16, exactly.
   *
   * @param scales tensor of the exponents, {@code 2^(byte − 127)}
   */
  record Mxfp4(String scales) implements TensorEncoding {
    /** Values of a block. */
    static final int BLOCK = 32;

    public Mxfp4 {
      Objects.requireNonNull(scales, "scales");
    }
  }
}
