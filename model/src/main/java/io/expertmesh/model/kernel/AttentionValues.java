package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Weighted sums of the values of pages, lanes across the head, keys in ascending order, divided by
 * the sum of the weights. Weights stand by slot from the page of the first key on.
 */
final class AttentionValues {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int COUNT = Lanes.COUNT;
  private static final int PAGE = KvLayout.PAGE_TOKENS;
  private static final int BYTES = COUNT * Float.BYTES;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private AttentionValues() {}

  /** The output of one query head. */
  static void head(
      MemorySegment layer,
      KvLayout layout,
      int[] pages,
      int firstKey,
      int keys,
      int kvHead,
      float[] weights,
      float sum,
      float[] out,
      int to) {
    int dim = layout.headDim();
    int base = firstKey - firstKey % PAGE;
    int d = 0;
    for (; d <= dim - 4 * COUNT; d += 4 * COUNT) {
      FloatVector v0 = FloatVector.zero(F);
      FloatVector v1 = FloatVector.zero(F);
      FloatVector v2 = FloatVector.zero(F);
      FloatVector v3 = FloatVector.zero(F);
      for (int key = firstKey; key < keys; key++) {
        long at = address(layout, pages, key, kvHead, d);
        FloatVector weight = FloatVector.broadcast(F, weights[key - base]);
        v0 = weight.fma(FloatVector.fromMemorySegment(F, layer, at, ORDER), v0);
        v1 = weight.fma(FloatVector.fromMemorySegment(F, layer, at + BYTES, ORDER), v1);
        v2 = weight.fma(FloatVector.fromMemorySegment(F, layer, at + 2L * BYTES, ORDER), v2);
        v3 = weight.fma(FloatVector.fromMemorySegment(F, layer, at + 3L * BYTES, ORDER), v3);
      }
      v0.div(sum).intoArray(out, to + d);
      v1.div(sum).intoArray(out, to + d + COUNT);
      v2.div(sum).intoArray(out, to + d + 2 * COUNT);
      v3.div(sum).intoArray(out, to + d + 3 * COUNT);
    }
    for (; d <= dim - COUNT; d += COUNT) {
      FloatVector v = FloatVector.zero(F);
      for (int key = firstKey; key < keys; key++) {
        long at = address(layout, pages, key, kvHead, d);
        FloatVector weight = FloatVector.broadcast(F, weights[key - base]);
        v = weight.fma(FloatVector.fromMemorySegment(F, layer, at, ORDER), v);
      }
      v.div(sum).intoArray(out, to + d);
    }
    for (; d < dim; d++) {
      float v = 0;
      for (int key = firstKey; key < keys; key++) {
        long at = address(layout, pages, key, kvHead, d);
        v = Math.fma(weights[key - base], layer.get(ValueLayout.JAVA_FLOAT, at), v);
      }
      out[to + d] = v / sum;
    }
  }

  /**
   * The outputs of four query heads; the head is a multiple of two vectors. Weights of head h stand
   * from {@code h · span}.
   */
  static void heads4(
      MemorySegment layer,
      KvLayout layout,
      int[] pages,
      int firstKey,
      int keys,
      int kvHead,
      float[] weights,
      int span,
      float[] sums,
      float[] out,
      int to) {
    int dim = layout.headDim();
    int base = firstKey - firstKey % PAGE;
    for (int d = 0; d < dim; d += 2 * COUNT) {
      FloatVector v00 = FloatVector.zero(F);
      FloatVector v01 = FloatVector.zero(F);
      FloatVector v10 = FloatVector.zero(F);
      FloatVector v11 = FloatVector.zero(F);
      FloatVector v20 = FloatVector.zero(F);
      FloatVector v21 = FloatVector.zero(F);
      FloatVector v30 = FloatVector.zero(F);
      FloatVector v31 = FloatVector.zero(F);
      for (int key = firstKey; key < keys; key++) {
        long at = address(layout, pages, key, kvHead, d);
        FloatVector x0 = FloatVector.fromMemorySegment(F, layer, at, ORDER);
        FloatVector x1 = FloatVector.fromMemorySegment(F, layer, at + BYTES, ORDER);
        int i = key - base;
        FloatVector w0 = FloatVector.broadcast(F, weights[i]);
        v00 = w0.fma(x0, v00);
        v01 = w0.fma(x1, v01);
        FloatVector w1 = FloatVector.broadcast(F, weights[span + i]);
        v10 = w1.fma(x0, v10);
        v11 = w1.fma(x1, v11);
        FloatVector w2 = FloatVector.broadcast(F, weights[2 * span + i]);
        v20 = w2.fma(x0, v20);
        v21 = w2.fma(x1, v21);
        FloatVector w3 = FloatVector.broadcast(F, weights[3 * span + i]);
        v30 = w3.fma(x0, v30);
        v31 = w3.fma(x1, v31);
      }
      v00.div(sums[0]).intoArray(out, to + d);
      v01.div(sums[0]).intoArray(out, to + d + COUNT);
      v10.div(sums[1]).intoArray(out, to + dim + d);
      v11.div(sums[1]).intoArray(out, to + dim + d + COUNT);
      v20.div(sums[2]).intoArray(out, to + 2 * dim + d);
      v21.div(sums[2]).intoArray(out, to + 2 * dim + d + COUNT);
      v30.div(sums[3]).intoArray(out, to + 3 * dim + d);
      v31.div(sums[3]).intoArray(out, to + 3 * dim + d + COUNT);
    }
  }

  private static long address(KvLayout layout, int[] pages, int key, int kvHead, int d) {
    return KvPages.values(layout, pages[key / PAGE], kvHead)
        + ((long) (key % PAGE) * layout.headDim() + d) * Float.BYTES;
  }
}
