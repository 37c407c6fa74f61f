package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Weighted sums of compressed rows, lanes across the tokens of a page as {@link SumOrder} has them,
 * divided by the sum of the weights. Weights stand by position.
 */
final class LatentValues {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int COUNT = Lanes.COUNT;
  private static final int PAGE = KvLayout.PAGE_TOKENS;
  private static final int STEP = PAGE * Float.BYTES;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** Lane i takes lane {@code (i + 8) mod COUNT}, and so on: the halves of a fold. */
  private static final VectorShuffle<Float> BY_8 = by(8);

  private static final VectorShuffle<Float> BY_4 = by(4);
  private static final VectorShuffle<Float> BY_2 = by(2);
  private static final VectorShuffle<Float> BY_1 = by(1);

  private LatentValues() {}

  /**
   * The outputs of one or four query heads, {@code rank} values each.
   *
   * @param weights those of head h from {@code h · span}; 0 for slots without a key
   */
  static void sum(
      MemorySegment memory,
      LatentLayout layout,
      int[] pages,
      int keys,
      int heads,
      float[] weights,
      int span,
      float[] sums,
      float[] out,
      int to) {
    float[] lanes = Workspace.get().latentLanes;
    int rank = layout.rank();
    int d = 0;
    if (heads == 4) {
      for (; d <= rank - 2; d += 2) {
        heads4(memory, layout, pages, keys, weights, span, d, lanes);
        for (int h = 0; h < 4; h++) {
          out[to + h * rank + d] = fold(lanes, 2 * h * PAGE) / sums[h];
          out[to + h * rank + d + 1] = fold(lanes, (2 * h + 1) * PAGE) / sums[h];
        }
      }
    }
    for (; d < rank; d++) {
      for (int h = 0; h < heads; h++) {
        head(memory, layout, pages, keys, weights, h * span, d, lanes);
        out[to + h * rank + d] = fold(lanes, 0) / sums[h];
      }
    }
  }

  /** Lane sums of two neighbouring values for four heads, to {@code lanes[head][value][16]}. */
  private static void heads4(
      MemorySegment memory,
      LatentLayout layout,
      int[] pages,
      int keys,
      float[] weights,
      int span,
      int d,
      float[] lanes) {
    int full = keys / PAGE;
    for (int lane = 0; lane < PAGE; lane += COUNT) {
      FloatVector v00 = FloatVector.zero(F);
      FloatVector v01 = FloatVector.zero(F);
      FloatVector v10 = FloatVector.zero(F);
      FloatVector v11 = FloatVector.zero(F);
      FloatVector v20 = FloatVector.zero(F);
      FloatVector v21 = FloatVector.zero(F);
      FloatVector v30 = FloatVector.zero(F);
      FloatVector v31 = FloatVector.zero(F);
      for (int page = 0; page < full; page++) {
        long at = address(layout, pages[page], d, lane);
        FloatVector x0 = FloatVector.fromMemorySegment(F, memory, at, ORDER);
        FloatVector x1 = FloatVector.fromMemorySegment(F, memory, at + STEP, ORDER);
        int i = page * PAGE + lane;
        FloatVector w0 = FloatVector.fromArray(F, weights, i);
        v00 = w0.fma(x0, v00);
        v01 = w0.fma(x1, v01);
        FloatVector w1 = FloatVector.fromArray(F, weights, span + i);
        v10 = w1.fma(x0, v10);
        v11 = w1.fma(x1, v11);
        FloatVector w2 = FloatVector.fromArray(F, weights, 2 * span + i);
        v20 = w2.fma(x0, v20);
        v21 = w2.fma(x1, v21);
        FloatVector w3 = FloatVector.fromArray(F, weights, 3 * span + i);
        v30 = w3.fma(x0, v30);
        v31 = w3.fma(x1, v31);
      }
      int i = full * PAGE + lane;
      if (i < keys) {
        VectorMask<Float> used = F.indexInRange(i, keys);
        long at = address(layout, pages[full], d, lane);
        FloatVector x0 = FloatVector.fromMemorySegment(F, memory, at, ORDER);
        FloatVector x1 = FloatVector.fromMemorySegment(F, memory, at + STEP, ORDER);
        FloatVector w0 = FloatVector.fromArray(F, weights, i);
        v00 = v00.blend(w0.fma(x0, v00), used);
        v01 = v01.blend(w0.fma(x1, v01), used);
        FloatVector w1 = FloatVector.fromArray(F, weights, span + i);
        v10 = v10.blend(w1.fma(x0, v10), used);
        v11 = v11.blend(w1.fma(x1, v11), used);
        FloatVector w2 = FloatVector.fromArray(F, weights, 2 * span + i);
        v20 = v20.blend(w2.fma(x0, v20), used);
        v21 = v21.blend(w2.fma(x1, v21), used);
        FloatVector w3 = FloatVector.fromArray(F, weights, 3 * span + i);
        v30 = v30.blend(w3.fma(x0, v30), used);
        v31 = v31.blend(w3.fma(x1, v31), used);
      }
      v00.intoArray(lanes, lane);
      v01.intoArray(lanes, PAGE + lane);
      v10.intoArray(lanes, 2 * PAGE + lane);
      v11.intoArray(lanes, 3 * PAGE + lane);
      v20.intoArray(lanes, 4 * PAGE + lane);
      v21.intoArray(lanes, 5 * PAGE + lane);
      v30.intoArray(lanes, 6 * PAGE + lane);
      v31.intoArray(lanes, 7 * PAGE + lane);
    }
  }

  /** Lane sums of one value for one head, to the front of {@code lanes}. */
  private static void head(
      MemorySegment memory,
      LatentLayout layout,
      int[] pages,
      int keys,
      float[] weights,
      int from,
      int d,
      float[] lanes) {
    for (int lane = 0; lane < PAGE; lane += COUNT) {
      FloatVector v = FloatVector.zero(F);
      for (int page = 0; page * PAGE + lane < keys; page++) {
        int i = page * PAGE + lane;
        long at = address(layout, pages[page], d, lane);
        FloatVector x = FloatVector.fromMemorySegment(F, memory, at, ORDER);
        FloatVector sum = FloatVector.fromArray(F, weights, from + i).fma(x, v);
        v = i + COUNT <= keys ? sum : v.blend(sum, F.indexInRange(i, keys));
      }
      v.intoArray(lanes, lane);
    }
  }

  /** {@link SumOrder#fold} of the 16 values from {@code at}. */
  private static float fold(float[] lanes, int at) {
    if (COUNT == SumOrder.LANES) {
      FloatVector v = FloatVector.fromArray(F, lanes, at);
      v = v.add(v.rearrange(BY_8));
      return quarter(v.add(v.rearrange(BY_4)));
    }
    if (COUNT == SumOrder.LANES / 2) {
      FloatVector v = FloatVector.fromArray(F, lanes, at);
      v = v.add(FloatVector.fromArray(F, lanes, at + COUNT));
      return quarter(v.add(v.rearrange(BY_4)));
    }
    FloatVector low = FloatVector.fromArray(F, lanes, at);
    low = low.add(FloatVector.fromArray(F, lanes, at + 2 * COUNT));
    FloatVector high = FloatVector.fromArray(F, lanes, at + COUNT);
    high = high.add(FloatVector.fromArray(F, lanes, at + 3 * COUNT));
    return quarter(low.add(high));
  }

  /** Adds the first four lanes. */
  private static float quarter(FloatVector sums) {
    FloatVector v = sums.add(sums.rearrange(BY_2));
    return v.add(v.rearrange(BY_1)).lane(0);
  }

  private static VectorShuffle<Float> by(int lanes) {
    return VectorShuffle.fromOp(F, i -> (i + lanes) % COUNT);
  }

  private static long address(LatentLayout layout, int page, int d, int lane) {
    return KvPages.latent(layout, page) + (long) d * STEP + (long) lane * Float.BYTES;
  }
}
