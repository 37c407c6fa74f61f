package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** What a thread needs to compute slices: the calls of every product, and memory for outputs. */
final class OneDnnLane {
  private OneDnnProduct.Call[][] calls = {};
  private MemorySegment output = MemorySegment.NULL;

  /**
   * Computes the outputs of a slice for some rows.
   *
   * @param x inputs, from {@code xByte}, filled up to {@code computed} rows
   * @param rows rows that are wanted
   * @param y receives them, {@code stride} apart, the first one from {@code yOffset}
   */
  void multiply(
      OneDnnSlice slice,
      MemorySegment x,
      long xByte,
      int rows,
      int computed,
      float[] y,
      int yOffset,
      int stride) {
    int width = slice.shape().outputs();
    output = grown(output, (long) computed * width * Float.BYTES);
    call(slice.shape(), computed)
        .run(x.address() + xByte, slice.data().address(), output.address());
    for (int row = 0; row < rows; row++) {
      long from = (long) row * width * Float.BYTES;
      MemorySegment.copy(output, ValueLayout.JAVA_FLOAT, from, y, yOffset + row * stride, width);
    }
  }

  private OneDnnProduct.Call call(OneDnnShape shape, int rows) {
    int index = shape.index();
    if (index >= calls.length) {
      calls = Arrays.copyOf(calls, index + 1);
    }
    OneDnnProduct.Call[] ofShape = calls[index];
    if (ofShape == null) {
      ofShape = new OneDnnProduct.Call[RowRule.MOST + 1];
      calls[index] = ofShape;
    }
    OneDnnProduct.Call call = ofShape[rows];
    if (call == null) {
      call = shape.product(rows).newCall();
      ofShape[rows] = call;
    }
    return call;
  }

  /** The memory, or more of it if it has fewer than {@code bytes}. */
  static MemorySegment grown(MemorySegment memory, long bytes) {
    return memory.byteSize() >= bytes ? memory : Arena.ofAuto().allocate(bytes, 64);
  }
}
