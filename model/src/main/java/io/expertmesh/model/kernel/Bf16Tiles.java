package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Micro-kernels over bf16 panels in memory. A 32-bit lane holds the weights of two outputs, so that
 * a shift and a mask widen them without crossing lanes. {@code x} holds the inputs of the rows
 * interleaved, {@code [depth][rows]}; {@code acc} holds the sums so far, {@code [rows][PANEL]}.
 *
 * <p>With each input the {@code rows} kernels read one word of {@code ahead}, {@code aheadStep}
 * bytes further every time: weights that are needed later come from memory while these are
 * multiplied. What was read is returned, so that the compiler keeps the reads; it means nothing.
 */
final class Bf16Tiles {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final VectorSpecies<Integer> I = Lanes.I;
  private static final int COUNT = Lanes.COUNT;
  private static final int BYTES = COUNT * Float.BYTES;
  private static final int STEP = 2 * BYTES;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final int BF16_BITS = Lanes.BF16_BITS;

  private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED;

  private Bf16Tiles() {}

  /** 1 row of inputs against one panel. */
  static int rows1(
      MemorySegment w,
      int wOffset,
      int depth,
      float[] x,
      int xOffset,
      float[] acc,
      int at,
      MemorySegment ahead,
      int aheadOffset,
      int aheadStep) {
    FloatVector a00 = FloatVector.fromArray(F, acc, at);
    FloatVector a01 = FloatVector.fromArray(F, acc, at + 1 * COUNT);
    FloatVector a02 = FloatVector.fromArray(F, acc, at + 2 * COUNT);
    FloatVector a03 = FloatVector.fromArray(F, acc, at + 3 * COUNT);
    int touched = 0;
    for (int k = 0; k < depth; k++) {
      touched ^= ahead.get(WORD, aheadOffset + k * aheadStep);
      int p = wOffset + k * STEP;
      IntVector low = IntVector.fromMemorySegment(I, w, p, ORDER);
      IntVector high = IntVector.fromMemorySegment(I, w, p + BYTES, ORDER);
      FloatVector w0 = low.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w1 = low.and(BF16_BITS).reinterpretAsFloats();
      FloatVector w2 = high.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w3 = high.and(BF16_BITS).reinterpretAsFloats();
      int i = xOffset + k;
      FloatVector x0 = FloatVector.broadcast(F, x[i]);
      a00 = x0.fma(w0, a00);
      a01 = x0.fma(w1, a01);
      a02 = x0.fma(w2, a02);
      a03 = x0.fma(w3, a03);
    }
    a00.intoArray(acc, at);
    a01.intoArray(acc, at + 1 * COUNT);
    a02.intoArray(acc, at + 2 * COUNT);
    a03.intoArray(acc, at + 3 * COUNT);
    return touched;
  }

  /** 2 rows of inputs against one panel. */
  static int rows2(
      MemorySegment w,
      int wOffset,
      int depth,
      float[] x,
      int xOffset,
      float[] acc,
      int at,
      MemorySegment ahead,
      int aheadOffset,
      int aheadStep) {
    FloatVector a00 = FloatVector.fromArray(F, acc, at);
    FloatVector a01 = FloatVector.fromArray(F, acc, at + 1 * COUNT);
    FloatVector a02 = FloatVector.fromArray(F, acc, at + 2 * COUNT);
    FloatVector a03 = FloatVector.fromArray(F, acc, at + 3 * COUNT);
    FloatVector a10 = FloatVector.fromArray(F, acc, at + 4 * COUNT);
    FloatVector a11 = FloatVector.fromArray(F, acc, at + 5 * COUNT);
    FloatVector a12 = FloatVector.fromArray(F, acc, at + 6 * COUNT);
    FloatVector a13 = FloatVector.fromArray(F, acc, at + 7 * COUNT);
    int touched = 0;
    for (int k = 0; k < depth; k++) {
      touched ^= ahead.get(WORD, aheadOffset + k * aheadStep);
      int p = wOffset + k * STEP;
      IntVector low = IntVector.fromMemorySegment(I, w, p, ORDER);
      IntVector high = IntVector.fromMemorySegment(I, w, p + BYTES, ORDER);
      FloatVector w0 = low.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w1 = low.and(BF16_BITS).reinterpretAsFloats();
      FloatVector w2 = high.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w3 = high.and(BF16_BITS).reinterpretAsFloats();
      int i = xOffset + k * 2;
      FloatVector x0 = FloatVector.broadcast(F, x[i]);
      a00 = x0.fma(w0, a00);
      a01 = x0.fma(w1, a01);
      a02 = x0.fma(w2, a02);
      a03 = x0.fma(w3, a03);
      FloatVector x1 = FloatVector.broadcast(F, x[i + 1]);
      a10 = x1.fma(w0, a10);
      a11 = x1.fma(w1, a11);
      a12 = x1.fma(w2, a12);
      a13 = x1.fma(w3, a13);
    }
    a00.intoArray(acc, at);
    a01.intoArray(acc, at + 1 * COUNT);
    a02.intoArray(acc, at + 2 * COUNT);
    a03.intoArray(acc, at + 3 * COUNT);
    a10.intoArray(acc, at + 4 * COUNT);
    a11.intoArray(acc, at + 5 * COUNT);
    a12.intoArray(acc, at + 6 * COUNT);
    a13.intoArray(acc, at + 7 * COUNT);
    return touched;
  }

  /** 3 rows of inputs against one panel. */
  static int rows3(
      MemorySegment w,
      int wOffset,
      int depth,
      float[] x,
      int xOffset,
      float[] acc,
      int at,
      MemorySegment ahead,
      int aheadOffset,
      int aheadStep) {
    FloatVector a00 = FloatVector.fromArray(F, acc, at);
    FloatVector a01 = FloatVector.fromArray(F, acc, at + 1 * COUNT);
    FloatVector a02 = FloatVector.fromArray(F, acc, at + 2 * COUNT);
    FloatVector a03 = FloatVector.fromArray(F, acc, at + 3 * COUNT);
    FloatVector a10 = FloatVector.fromArray(F, acc, at + 4 * COUNT);
    FloatVector a11 = FloatVector.fromArray(F, acc, at + 5 * COUNT);
    FloatVector a12 = FloatVector.fromArray(F, acc, at + 6 * COUNT);
    FloatVector a13 = FloatVector.fromArray(F, acc, at + 7 * COUNT);
    FloatVector a20 = FloatVector.fromArray(F, acc, at + 8 * COUNT);
    FloatVector a21 = FloatVector.fromArray(F, acc, at + 9 * COUNT);
    FloatVector a22 = FloatVector.fromArray(F, acc, at + 10 * COUNT);
    FloatVector a23 = FloatVector.fromArray(F, acc, at + 11 * COUNT);
    int touched = 0;
    for (int k = 0; k < depth; k++) {
      touched ^= ahead.get(WORD, aheadOffset + k * aheadStep);
      int p = wOffset + k * STEP;
      IntVector low = IntVector.fromMemorySegment(I, w, p, ORDER);
      IntVector high = IntVector.fromMemorySegment(I, w, p + BYTES, ORDER);
      FloatVector w0 = low.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w1 = low.and(BF16_BITS).reinterpretAsFloats();
      FloatVector w2 = high.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w3 = high.and(BF16_BITS).reinterpretAsFloats();
      int i = xOffset + k * 3;
      FloatVector x0 = FloatVector.broadcast(F, x[i]);
      a00 = x0.fma(w0, a00);
      a01 = x0.fma(w1, a01);
      a02 = x0.fma(w2, a02);
      a03 = x0.fma(w3, a03);
      FloatVector x1 = FloatVector.broadcast(F, x[i + 1]);
      a10 = x1.fma(w0, a10);
      a11 = x1.fma(w1, a11);
      a12 = x1.fma(w2, a12);
      a13 = x1.fma(w3, a13);
      FloatVector x2 = FloatVector.broadcast(F, x[i + 2]);
      a20 = x2.fma(w0, a20);
      a21 = x2.fma(w1, a21);
      a22 = x2.fma(w2, a22);
      a23 = x2.fma(w3, a23);
    }
    a00.intoArray(acc, at);
    a01.intoArray(acc, at + 1 * COUNT);
    a02.intoArray(acc, at + 2 * COUNT);
    a03.intoArray(acc, at + 3 * COUNT);
    a10.intoArray(acc, at + 4 * COUNT);
    a11.intoArray(acc, at + 5 * COUNT);
    a12.intoArray(acc, at + 6 * COUNT);
    a13.intoArray(acc, at + 7 * COUNT);
    a20.intoArray(acc, at + 8 * COUNT);
    a21.intoArray(acc, at + 9 * COUNT);
    a22.intoArray(acc, at + 10 * COUNT);
    a23.intoArray(acc, at + 11 * COUNT);
    return touched;
  }

  /** 4 rows of inputs against one panel. */
  static int rows4(
      MemorySegment w,
      int wOffset,
      int depth,
      float[] x,
      int xOffset,
      float[] acc,
      int at,
      MemorySegment ahead,
      int aheadOffset,
      int aheadStep) {
    FloatVector a00 = FloatVector.fromArray(F, acc, at);
    FloatVector a01 = FloatVector.fromArray(F, acc, at + 1 * COUNT);
    FloatVector a02 = FloatVector.fromArray(F, acc, at + 2 * COUNT);
    FloatVector a03 = FloatVector.fromArray(F, acc, at + 3 * COUNT);
    FloatVector a10 = FloatVector.fromArray(F, acc, at + 4 * COUNT);
    FloatVector a11 = FloatVector.fromArray(F, acc, at + 5 * COUNT);
    FloatVector a12 = FloatVector.fromArray(F, acc, at + 6 * COUNT);
    FloatVector a13 = FloatVector.fromArray(F, acc, at + 7 * COUNT);
    FloatVector a20 = FloatVector.fromArray(F, acc, at + 8 * COUNT);
    FloatVector a21 = FloatVector.fromArray(F, acc, at + 9 * COUNT);
    FloatVector a22 = FloatVector.fromArray(F, acc, at + 10 * COUNT);
    FloatVector a23 = FloatVector.fromArray(F, acc, at + 11 * COUNT);
    FloatVector a30 = FloatVector.fromArray(F, acc, at + 12 * COUNT);
    FloatVector a31 = FloatVector.fromArray(F, acc, at + 13 * COUNT);
    FloatVector a32 = FloatVector.fromArray(F, acc, at + 14 * COUNT);
    FloatVector a33 = FloatVector.fromArray(F, acc, at + 15 * COUNT);
    int touched = 0;
    for (int k = 0; k < depth; k++) {
      touched ^= ahead.get(WORD, aheadOffset + k * aheadStep);
      int p = wOffset + k * STEP;
      IntVector low = IntVector.fromMemorySegment(I, w, p, ORDER);
      IntVector high = IntVector.fromMemorySegment(I, w, p + BYTES, ORDER);
      FloatVector w0 = low.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w1 = low.and(BF16_BITS).reinterpretAsFloats();
      FloatVector w2 = high.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w3 = high.and(BF16_BITS).reinterpretAsFloats();
      int i = xOffset + k * 4;
      FloatVector x0 = FloatVector.broadcast(F, x[i]);
      a00 = x0.fma(w0, a00);
      a01 = x0.fma(w1, a01);
      a02 = x0.fma(w2, a02);
      a03 = x0.fma(w3, a03);
      FloatVector x1 = FloatVector.broadcast(F, x[i + 1]);
      a10 = x1.fma(w0, a10);
      a11 = x1.fma(w1, a11);
      a12 = x1.fma(w2, a12);
      a13 = x1.fma(w3, a13);
      FloatVector x2 = FloatVector.broadcast(F, x[i + 2]);
      a20 = x2.fma(w0, a20);
      a21 = x2.fma(w1, a21);
      a22 = x2.fma(w2, a22);
      a23 = x2.fma(w3, a23);
      FloatVector x3 = FloatVector.broadcast(F, x[i + 3]);
      a30 = x3.fma(w0, a30);
      a31 = x3.fma(w1, a31);
      a32 = x3.fma(w2, a32);
      a33 = x3.fma(w3, a33);
    }
    a00.intoArray(acc, at);
    a01.intoArray(acc, at + 1 * COUNT);
    a02.intoArray(acc, at + 2 * COUNT);
    a03.intoArray(acc, at + 3 * COUNT);
    a10.intoArray(acc, at + 4 * COUNT);
    a11.intoArray(acc, at + 5 * COUNT);
    a12.intoArray(acc, at + 6 * COUNT);
    a13.intoArray(acc, at + 7 * COUNT);
    a20.intoArray(acc, at + 8 * COUNT);
    a21.intoArray(acc, at + 9 * COUNT);
    a22.intoArray(acc, at + 10 * COUNT);
    a23.intoArray(acc, at + 11 * COUNT);
    a30.intoArray(acc, at + 12 * COUNT);
    a31.intoArray(acc, at + 13 * COUNT);
    a32.intoArray(acc, at + 14 * COUNT);
    a33.intoArray(acc, at + 15 * COUNT);
    return touched;
  }

  /** 5 rows of inputs against one panel. */
  static int rows5(
      MemorySegment w,
      int wOffset,
      int depth,
      float[] x,
      int xOffset,
      float[] acc,
      int at,
      MemorySegment ahead,
      int aheadOffset,
      int aheadStep) {
    FloatVector a00 = FloatVector.fromArray(F, acc, at);
    FloatVector a01 = FloatVector.fromArray(F, acc, at + 1 * COUNT);
    FloatVector a02 = FloatVector.fromArray(F, acc, at + 2 * COUNT);
    FloatVector a03 = FloatVector.fromArray(F, acc, at + 3 * COUNT);
    FloatVector a10 = FloatVector.fromArray(F, acc, at + 4 * COUNT);
    FloatVector a11 = FloatVector.fromArray(F, acc, at + 5 * COUNT);
    FloatVector a12 = FloatVector.fromArray(F, acc, at + 6 * COUNT);
    FloatVector a13 = FloatVector.fromArray(F, acc, at + 7 * COUNT);
    FloatVector a20 = FloatVector.fromArray(F, acc, at + 8 * COUNT);
    FloatVector a21 = FloatVector.fromArray(F, acc, at + 9 * COUNT);
    FloatVector a22 = FloatVector.fromArray(F, acc, at + 10 * COUNT);
    FloatVector a23 = FloatVector.fromArray(F, acc, at + 11 * COUNT);
    FloatVector a30 = FloatVector.fromArray(F, acc, at + 12 * COUNT);
    FloatVector a31 = FloatVector.fromArray(F, acc, at + 13 * COUNT);
    FloatVector a32 = FloatVector.fromArray(F, acc, at + 14 * COUNT);
    FloatVector a33 = FloatVector.fromArray(F, acc, at + 15 * COUNT);
    FloatVector a40 = FloatVector.fromArray(F, acc, at + 16 * COUNT);
    FloatVector a41 = FloatVector.fromArray(F, acc, at + 17 * COUNT);
    FloatVector a42 = FloatVector.fromArray(F, acc, at + 18 * COUNT);
    FloatVector a43 = FloatVector.fromArray(F, acc, at + 19 * COUNT);
    int touched = 0;
    for (int k = 0; k < depth; k++) {
      touched ^= ahead.get(WORD, aheadOffset + k * aheadStep);
      int p = wOffset + k * STEP;
      IntVector low = IntVector.fromMemorySegment(I, w, p, ORDER);
      IntVector high = IntVector.fromMemorySegment(I, w, p + BYTES, ORDER);
      FloatVector w0 = low.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w1 = low.and(BF16_BITS).reinterpretAsFloats();
      FloatVector w2 = high.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w3 = high.and(BF16_BITS).reinterpretAsFloats();
      int i = xOffset + k * 5;
      FloatVector x0 = FloatVector.broadcast(F, x[i]);
      a00 = x0.fma(w0, a00);
      a01 = x0.fma(w1, a01);
      a02 = x0.fma(w2, a02);
      a03 = x0.fma(w3, a03);
      FloatVector x1 = FloatVector.broadcast(F, x[i + 1]);
      a10 = x1.fma(w0, a10);
      a11 = x1.fma(w1, a11);
      a12 = x1.fma(w2, a12);
      a13 = x1.fma(w3, a13);
      FloatVector x2 = FloatVector.broadcast(F, x[i + 2]);
      a20 = x2.fma(w0, a20);
      a21 = x2.fma(w1, a21);
      a22 = x2.fma(w2, a22);
      a23 = x2.fma(w3, a23);
      FloatVector x3 = FloatVector.broadcast(F, x[i + 3]);
      a30 = x3.fma(w0, a30);
      a31 = x3.fma(w1, a31);
      a32 = x3.fma(w2, a32);
      a33 = x3.fma(w3, a33);
      FloatVector x4 = FloatVector.broadcast(F, x[i + 4]);
      a40 = x4.fma(w0, a40);
      a41 = x4.fma(w1, a41);
      a42 = x4.fma(w2, a42);
      a43 = x4.fma(w3, a43);
    }
    a00.intoArray(acc, at);
    a01.intoArray(acc, at + 1 * COUNT);
    a02.intoArray(acc, at + 2 * COUNT);
    a03.intoArray(acc, at + 3 * COUNT);
    a10.intoArray(acc, at + 4 * COUNT);
    a11.intoArray(acc, at + 5 * COUNT);
    a12.intoArray(acc, at + 6 * COUNT);
    a13.intoArray(acc, at + 7 * COUNT);
    a20.intoArray(acc, at + 8 * COUNT);
    a21.intoArray(acc, at + 9 * COUNT);
    a22.intoArray(acc, at + 10 * COUNT);
    a23.intoArray(acc, at + 11 * COUNT);
    a30.intoArray(acc, at + 12 * COUNT);
    a31.intoArray(acc, at + 13 * COUNT);
    a32.intoArray(acc, at + 14 * COUNT);
    a33.intoArray(acc, at + 15 * COUNT);
    a40.intoArray(acc, at + 16 * COUNT);
    a41.intoArray(acc, at + 17 * COUNT);
    a42.intoArray(acc, at + 18 * COUNT);
    a43.intoArray(acc, at + 19 * COUNT);
    return touched;
  }

  /** 6 rows of inputs against one panel. */
  static int rows6(
      MemorySegment w,
      int wOffset,
      int depth,
      float[] x,
      int xOffset,
      float[] acc,
      int at,
      MemorySegment ahead,
      int aheadOffset,
      int aheadStep) {
    FloatVector a00 = FloatVector.fromArray(F, acc, at);
    FloatVector a01 = FloatVector.fromArray(F, acc, at + 1 * COUNT);
    FloatVector a02 = FloatVector.fromArray(F, acc, at + 2 * COUNT);
    FloatVector a03 = FloatVector.fromArray(F, acc, at + 3 * COUNT);
    FloatVector a10 = FloatVector.fromArray(F, acc, at + 4 * COUNT);
    FloatVector a11 = FloatVector.fromArray(F, acc, at + 5 * COUNT);
    FloatVector a12 = FloatVector.fromArray(F, acc, at + 6 * COUNT);
    FloatVector a13 = FloatVector.fromArray(F, acc, at + 7 * COUNT);
    FloatVector a20 = FloatVector.fromArray(F, acc, at + 8 * COUNT);
    FloatVector a21 = FloatVector.fromArray(F, acc, at + 9 * COUNT);
    FloatVector a22 = FloatVector.fromArray(F, acc, at + 10 * COUNT);
    FloatVector a23 = FloatVector.fromArray(F, acc, at + 11 * COUNT);
    FloatVector a30 = FloatVector.fromArray(F, acc, at + 12 * COUNT);
    FloatVector a31 = FloatVector.fromArray(F, acc, at + 13 * COUNT);
    FloatVector a32 = FloatVector.fromArray(F, acc, at + 14 * COUNT);
    FloatVector a33 = FloatVector.fromArray(F, acc, at + 15 * COUNT);
    FloatVector a40 = FloatVector.fromArray(F, acc, at + 16 * COUNT);
    FloatVector a41 = FloatVector.fromArray(F, acc, at + 17 * COUNT);
    FloatVector a42 = FloatVector.fromArray(F, acc, at + 18 * COUNT);
    FloatVector a43 = FloatVector.fromArray(F, acc, at + 19 * COUNT);
    FloatVector a50 = FloatVector.fromArray(F, acc, at + 20 * COUNT);
    FloatVector a51 = FloatVector.fromArray(F, acc, at + 21 * COUNT);
    FloatVector a52 = FloatVector.fromArray(F, acc, at + 22 * COUNT);
    FloatVector a53 = FloatVector.fromArray(F, acc, at + 23 * COUNT);
    int touched = 0;
    for (int k = 0; k < depth; k++) {
      touched ^= ahead.get(WORD, aheadOffset + k * aheadStep);
      int p = wOffset + k * STEP;
      IntVector low = IntVector.fromMemorySegment(I, w, p, ORDER);
      IntVector high = IntVector.fromMemorySegment(I, w, p + BYTES, ORDER);
      FloatVector w0 = low.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w1 = low.and(BF16_BITS).reinterpretAsFloats();
      FloatVector w2 = high.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w3 = high.and(BF16_BITS).reinterpretAsFloats();
      int i = xOffset + k * 6;
      FloatVector x0 = FloatVector.broadcast(F, x[i]);
      a00 = x0.fma(w0, a00);
      a01 = x0.fma(w1, a01);
      a02 = x0.fma(w2, a02);
      a03 = x0.fma(w3, a03);
      FloatVector x1 = FloatVector.broadcast(F, x[i + 1]);
      a10 = x1.fma(w0, a10);
      a11 = x1.fma(w1, a11);
      a12 = x1.fma(w2, a12);
      a13 = x1.fma(w3, a13);
      FloatVector x2 = FloatVector.broadcast(F, x[i + 2]);
      a20 = x2.fma(w0, a20);
      a21 = x2.fma(w1, a21);
      a22 = x2.fma(w2, a22);
      a23 = x2.fma(w3, a23);
      FloatVector x3 = FloatVector.broadcast(F, x[i + 3]);
      a30 = x3.fma(w0, a30);
      a31 = x3.fma(w1, a31);
      a32 = x3.fma(w2, a32);
      a33 = x3.fma(w3, a33);
      FloatVector x4 = FloatVector.broadcast(F, x[i + 4]);
      a40 = x4.fma(w0, a40);
      a41 = x4.fma(w1, a41);
      a42 = x4.fma(w2, a42);
      a43 = x4.fma(w3, a43);
      FloatVector x5 = FloatVector.broadcast(F, x[i + 5]);
      a50 = x5.fma(w0, a50);
      a51 = x5.fma(w1, a51);
      a52 = x5.fma(w2, a52);
      a53 = x5.fma(w3, a53);
    }
    a00.intoArray(acc, at);
    a01.intoArray(acc, at + 1 * COUNT);
    a02.intoArray(acc, at + 2 * COUNT);
    a03.intoArray(acc, at + 3 * COUNT);
    a10.intoArray(acc, at + 4 * COUNT);
    a11.intoArray(acc, at + 5 * COUNT);
    a12.intoArray(acc, at + 6 * COUNT);
    a13.intoArray(acc, at + 7 * COUNT);
    a20.intoArray(acc, at + 8 * COUNT);
    a21.intoArray(acc, at + 9 * COUNT);
    a22.intoArray(acc, at + 10 * COUNT);
    a23.intoArray(acc, at + 11 * COUNT);
    a30.intoArray(acc, at + 12 * COUNT);
    a31.intoArray(acc, at + 13 * COUNT);
    a32.intoArray(acc, at + 14 * COUNT);
    a33.intoArray(acc, at + 15 * COUNT);
    a40.intoArray(acc, at + 16 * COUNT);
    a41.intoArray(acc, at + 17 * COUNT);
    a42.intoArray(acc, at + 18 * COUNT);
    a43.intoArray(acc, at + 19 * COUNT);
    a50.intoArray(acc, at + 20 * COUNT);
    a51.intoArray(acc, at + 21 * COUNT);
    a52.intoArray(acc, at + 22 * COUNT);
    a53.intoArray(acc, at + 23 * COUNT);
    return touched;
  }

  /** 1 row of inputs against one panel; nothing is read ahead. */
  static void plain1(
      MemorySegment w, int wOffset, int depth, float[] x, int xOffset, float[] acc, int at) {
    FloatVector a00 = FloatVector.fromArray(F, acc, at);
    FloatVector a01 = FloatVector.fromArray(F, acc, at + 1 * COUNT);
    FloatVector a02 = FloatVector.fromArray(F, acc, at + 2 * COUNT);
    FloatVector a03 = FloatVector.fromArray(F, acc, at + 3 * COUNT);
    for (int k = 0; k < depth; k++) {
      int p = wOffset + k * STEP;
      IntVector low = IntVector.fromMemorySegment(I, w, p, ORDER);
      IntVector high = IntVector.fromMemorySegment(I, w, p + BYTES, ORDER);
      FloatVector w0 = low.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w1 = low.and(BF16_BITS).reinterpretAsFloats();
      FloatVector w2 = high.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w3 = high.and(BF16_BITS).reinterpretAsFloats();
      int i = xOffset + k;
      FloatVector x0 = FloatVector.broadcast(F, x[i]);
      a00 = x0.fma(w0, a00);
      a01 = x0.fma(w1, a01);
      a02 = x0.fma(w2, a02);
      a03 = x0.fma(w3, a03);
    }
    a00.intoArray(acc, at);
    a01.intoArray(acc, at + 1 * COUNT);
    a02.intoArray(acc, at + 2 * COUNT);
    a03.intoArray(acc, at + 3 * COUNT);
  }

  /** 2 rows of inputs against one panel; nothing is read ahead. */
  static void plain2(
      MemorySegment w, int wOffset, int depth, float[] x, int xOffset, float[] acc, int at) {
    FloatVector a00 = FloatVector.fromArray(F, acc, at);
    FloatVector a01 = FloatVector.fromArray(F, acc, at + 1 * COUNT);
    FloatVector a02 = FloatVector.fromArray(F, acc, at + 2 * COUNT);
    FloatVector a03 = FloatVector.fromArray(F, acc, at + 3 * COUNT);
    FloatVector a10 = FloatVector.fromArray(F, acc, at + 4 * COUNT);
    FloatVector a11 = FloatVector.fromArray(F, acc, at + 5 * COUNT);
    FloatVector a12 = FloatVector.fromArray(F, acc, at + 6 * COUNT);
    FloatVector a13 = FloatVector.fromArray(F, acc, at + 7 * COUNT);
    for (int k = 0; k < depth; k++) {
      int p = wOffset + k * STEP;
      IntVector low = IntVector.fromMemorySegment(I, w, p, ORDER);
      IntVector high = IntVector.fromMemorySegment(I, w, p + BYTES, ORDER);
      FloatVector w0 = low.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w1 = low.and(BF16_BITS).reinterpretAsFloats();
      FloatVector w2 = high.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w3 = high.and(BF16_BITS).reinterpretAsFloats();
      int i = xOffset + k * 2;
      FloatVector x0 = FloatVector.broadcast(F, x[i]);
      a00 = x0.fma(w0, a00);
      a01 = x0.fma(w1, a01);
      a02 = x0.fma(w2, a02);
      a03 = x0.fma(w3, a03);
      FloatVector x1 = FloatVector.broadcast(F, x[i + 1]);
      a10 = x1.fma(w0, a10);
      a11 = x1.fma(w1, a11);
      a12 = x1.fma(w2, a12);
      a13 = x1.fma(w3, a13);
    }
    a00.intoArray(acc, at);
    a01.intoArray(acc, at + 1 * COUNT);
    a02.intoArray(acc, at + 2 * COUNT);
    a03.intoArray(acc, at + 3 * COUNT);
    a10.intoArray(acc, at + 4 * COUNT);
    a11.intoArray(acc, at + 5 * COUNT);
    a12.intoArray(acc, at + 6 * COUNT);
    a13.intoArray(acc, at + 7 * COUNT);
  }

  /** 6 rows of inputs against one panel; nothing is read ahead. */
  static void plain6(
      MemorySegment w, int wOffset, int depth, float[] x, int xOffset, float[] acc, int at) {
    FloatVector a00 = FloatVector.fromArray(F, acc, at);
    FloatVector a01 = FloatVector.fromArray(F, acc, at + 1 * COUNT);
    FloatVector a02 = FloatVector.fromArray(F, acc, at + 2 * COUNT);
    FloatVector a03 = FloatVector.fromArray(F, acc, at + 3 * COUNT);
    FloatVector a10 = FloatVector.fromArray(F, acc, at + 4 * COUNT);
    FloatVector a11 = FloatVector.fromArray(F, acc, at + 5 * COUNT);
    FloatVector a12 = FloatVector.fromArray(F, acc, at + 6 * COUNT);
    FloatVector a13 = FloatVector.fromArray(F, acc, at + 7 * COUNT);
    FloatVector a20 = FloatVector.fromArray(F, acc, at + 8 * COUNT);
    FloatVector a21 = FloatVector.fromArray(F, acc, at + 9 * COUNT);
    FloatVector a22 = FloatVector.fromArray(F, acc, at + 10 * COUNT);
    FloatVector a23 = FloatVector.fromArray(F, acc, at + 11 * COUNT);
    FloatVector a30 = FloatVector.fromArray(F, acc, at + 12 * COUNT);
    FloatVector a31 = FloatVector.fromArray(F, acc, at + 13 * COUNT);
    FloatVector a32 = FloatVector.fromArray(F, acc, at + 14 * COUNT);
    FloatVector a33 = FloatVector.fromArray(F, acc, at + 15 * COUNT);
    FloatVector a40 = FloatVector.fromArray(F, acc, at + 16 * COUNT);
    FloatVector a41 = FloatVector.fromArray(F, acc, at + 17 * COUNT);
    FloatVector a42 = FloatVector.fromArray(F, acc, at + 18 * COUNT);
    FloatVector a43 = FloatVector.fromArray(F, acc, at + 19 * COUNT);
    FloatVector a50 = FloatVector.fromArray(F, acc, at + 20 * COUNT);
    FloatVector a51 = FloatVector.fromArray(F, acc, at + 21 * COUNT);
    FloatVector a52 = FloatVector.fromArray(F, acc, at + 22 * COUNT);
    FloatVector a53 = FloatVector.fromArray(F, acc, at + 23 * COUNT);
    for (int k = 0; k < depth; k++) {
      int p = wOffset + k * STEP;
      IntVector low = IntVector.fromMemorySegment(I, w, p, ORDER);
      IntVector high = IntVector.fromMemorySegment(I, w, p + BYTES, ORDER);
      FloatVector w0 = low.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w1 = low.and(BF16_BITS).reinterpretAsFloats();
      FloatVector w2 = high.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector w3 = high.and(BF16_BITS).reinterpretAsFloats();
      int i = xOffset + k * 6;
      FloatVector x0 = FloatVector.broadcast(F, x[i]);
      a00 = x0.fma(w0, a00);
      a01 = x0.fma(w1, a01);
      a02 = x0.fma(w2, a02);
      a03 = x0.fma(w3, a03);
      FloatVector x1 = FloatVector.broadcast(F, x[i + 1]);
      a10 = x1.fma(w0, a10);
      a11 = x1.fma(w1, a11);
      a12 = x1.fma(w2, a12);
      a13 = x1.fma(w3, a13);
      FloatVector x2 = FloatVector.broadcast(F, x[i + 2]);
      a20 = x2.fma(w0, a20);
      a21 = x2.fma(w1, a21);
      a22 = x2.fma(w2, a22);
      a23 = x2.fma(w3, a23);
      FloatVector x3 = FloatVector.broadcast(F, x[i + 3]);
      a30 = x3.fma(w0, a30);
      a31 = x3.fma(w1, a31);
      a32 = x3.fma(w2, a32);
      a33 = x3.fma(w3, a33);
      FloatVector x4 = FloatVector.broadcast(F, x[i + 4]);
      a40 = x4.fma(w0, a40);
      a41 = x4.fma(w1, a41);
      a42 = x4.fma(w2, a42);
      a43 = x4.fma(w3, a43);
      FloatVector x5 = FloatVector.broadcast(F, x[i + 5]);
      a50 = x5.fma(w0, a50);
      a51 = x5.fma(w1, a51);
      a52 = x5.fma(w2, a52);
      a53 = x5.fma(w3, a53);
    }
    a00.intoArray(acc, at);
    a01.intoArray(acc, at + 1 * COUNT);
    a02.intoArray(acc, at + 2 * COUNT);
    a03.intoArray(acc, at + 3 * COUNT);
    a10.intoArray(acc, at + 4 * COUNT);
    a11.intoArray(acc, at + 5 * COUNT);
    a12.intoArray(acc, at + 6 * COUNT);
    a13.intoArray(acc, at + 7 * COUNT);
    a20.intoArray(acc, at + 8 * COUNT);
    a21.intoArray(acc, at + 9 * COUNT);
    a22.intoArray(acc, at + 10 * COUNT);
    a23.intoArray(acc, at + 11 * COUNT);
    a30.intoArray(acc, at + 12 * COUNT);
    a31.intoArray(acc, at + 13 * COUNT);
    a32.intoArray(acc, at + 14 * COUNT);
    a33.intoArray(acc, at + 15 * COUNT);
    a40.intoArray(acc, at + 16 * COUNT);
    a41.intoArray(acc, at + 17 * COUNT);
    a42.intoArray(acc, at + 18 * COUNT);
    a43.intoArray(acc, at + 19 * COUNT);
    a50.intoArray(acc, at + 20 * COUNT);
    a51.intoArray(acc, at + 21 * COUNT);
    a52.intoArray(acc, at + 22 * COUNT);
    a53.intoArray(acc, at + 23 * COUNT);
  }
}
