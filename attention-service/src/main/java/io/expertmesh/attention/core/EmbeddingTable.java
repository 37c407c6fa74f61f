package io.expertmesh.attention.core;

import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Rows of the token embedding, read from the mapped checkpoint and widened to fp32 and scaled. */
final class EmbeddingTable {
  private static final ValueLayout.OfFloat FLOATS =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORTS =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final WeightMatrix weights;
  private final float scale;

  /**
   * @param weights {@code [vocab, hidden]}
   * @param scale factor on the rows
   */
  EmbeddingTable(WeightMatrix weights, float scale) {
    this.weights = weights;
    this.scale = scale;
  }

  /** Writes the row of a token, {@code hidden} floats, to {@code out} from {@code offset}. */
  void read(int token, float[] out, int offset) {
    int width = weights.columns();
    long stride = weights.transposed() ? weights.rows() : 1;
    long at = weights.transposed() ? token : (long) token * width;
    for (int i = 0; i < width; i++) {
      out[offset + i] = element(at + i * stride) * scale;
    }
  }

  private float element(long index) {
    long at = index * weights.dtype().bytes();
    return switch (weights.dtype()) {
      case F32 -> weights.data().get(FLOATS, at);
      case BF16 -> Float.intBitsToFloat(weights.data().get(SHORTS, at) << 16);
      case F16 -> Float.float16ToFloat(weights.data().get(SHORTS, at));
    };
  }
}
