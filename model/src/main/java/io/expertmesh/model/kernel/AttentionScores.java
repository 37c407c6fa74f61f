package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Scaled products of queries with the keys of pages, lanes across the keys of a page, one chain of
 * additions over the head. Several chains run side by side to hide the latency of an addition. The
 * keys of a page are {@code [dim][PAGE_TOKENS]} floats, {@code origin} bytes from the start of the
 * memory for page 0 and {@code stride} bytes further for each next page.
 */
final class AttentionScores {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int COUNT = Lanes.COUNT;
  private static final int PAGE = KvLayout.PAGE_TOKENS;
  private static final int STEP = PAGE * Float.BYTES;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private AttentionScores() {}

  /**
   * Scores of one query head against pages {@code [first, end)}, to the front of {@code scores}.
   */
  static void head(
      MemorySegment layer,
      long origin,
      long stride,
      int dim,
      int[] pages,
      int first,
      int end,
      float[] q,
      int query,
      float scale,
      float[] scores) {
    int page = first;
    for (; page <= end - 4; page += 4) {
      pages4(
          layer,
          origin + pages[page] * stride,
          origin + pages[page + 1] * stride,
          origin + pages[page + 2] * stride,
          origin + pages[page + 3] * stride,
          dim,
          q,
          query,
          scale,
          scores,
          (page - first) * PAGE);
    }
    for (; page < end; page++) {
      long at = origin + pages[page] * stride;
      page1(layer, at, dim, q, query, scale, scores, (page - first) * PAGE);
    }
  }

  /**
   * Scores of four query heads against pages {@code [first, end)}; those of head h from {@code h ·
   * span}.
   */
  static void heads4(
      MemorySegment layer,
      long origin,
      long stride,
      int dim,
      int[] pages,
      int first,
      int end,
      float[] q,
      int query,
      float scale,
      float[] scores,
      int span) {
    int page = first;
    for (; page <= end - 2; page += 2) {
      long at0 = origin + pages[page] * stride;
      long at1 = origin + pages[page + 1] * stride;
      int to = (page - first) * PAGE;
      heads4Pages2(layer, at0, at1, dim, q, query, scale, scores, to, span);
    }
    for (; page < end; page++) {
      long at = origin + pages[page] * stride;
      int to = (page - first) * PAGE;
      for (int h = 0; h < 4; h++) {
        page1(layer, at, dim, q, query + h * dim, scale, scores, h * span + to);
      }
    }
  }

  private static void page1(
      MemorySegment layer,
      long at,
      int dim,
      float[] q,
      int query,
      float scale,
      float[] scores,
      int to) {
    for (int lane = 0; lane < PAGE; lane += COUNT) {
      FloatVector s = FloatVector.zero(F);
      for (int d = 0; d < dim; d++) {
        long p = at + (long) d * STEP + (long) lane * Float.BYTES;
        FloatVector k = FloatVector.fromMemorySegment(F, layer, p, ORDER);
        s = FloatVector.broadcast(F, q[query + d]).fma(k, s);
      }
      s.mul(scale).intoArray(scores, to + lane);
    }
  }

  private static void pages4(
      MemorySegment layer,
      long at0,
      long at1,
      long at2,
      long at3,
      int dim,
      float[] q,
      int query,
      float scale,
      float[] scores,
      int to) {
    for (int lane = 0; lane < PAGE; lane += COUNT) {
      FloatVector s0 = FloatVector.zero(F);
      FloatVector s1 = FloatVector.zero(F);
      FloatVector s2 = FloatVector.zero(F);
      FloatVector s3 = FloatVector.zero(F);
      for (int d = 0; d < dim; d++) {
        long p = (long) d * STEP + (long) lane * Float.BYTES;
        FloatVector x = FloatVector.broadcast(F, q[query + d]);
        s0 = x.fma(FloatVector.fromMemorySegment(F, layer, at0 + p, ORDER), s0);
        s1 = x.fma(FloatVector.fromMemorySegment(F, layer, at1 + p, ORDER), s1);
        s2 = x.fma(FloatVector.fromMemorySegment(F, layer, at2 + p, ORDER), s2);
        s3 = x.fma(FloatVector.fromMemorySegment(F, layer, at3 + p, ORDER), s3);
      }
      s0.mul(scale).intoArray(scores, to + lane);
      s1.mul(scale).intoArray(scores, to + PAGE + lane);
      s2.mul(scale).intoArray(scores, to + 2 * PAGE + lane);
      s3.mul(scale).intoArray(scores, to + 3 * PAGE + lane);
    }
  }

  private static void heads4Pages2(
      MemorySegment layer,
      long at0,
      long at1,
      int dim,
      float[] q,
      int query,
      float scale,
      float[] scores,
      int to,
      int span) {
    for (int lane = 0; lane < PAGE; lane += COUNT) {
      FloatVector s00 = FloatVector.zero(F);
      FloatVector s01 = FloatVector.zero(F);
      FloatVector s10 = FloatVector.zero(F);
      FloatVector s11 = FloatVector.zero(F);
      FloatVector s20 = FloatVector.zero(F);
      FloatVector s21 = FloatVector.zero(F);
      FloatVector s30 = FloatVector.zero(F);
      FloatVector s31 = FloatVector.zero(F);
      for (int d = 0; d < dim; d++) {
        long p = (long) d * STEP + (long) lane * Float.BYTES;
        int i = query + d;
        FloatVector k0 = FloatVector.fromMemorySegment(F, layer, at0 + p, ORDER);
        FloatVector k1 = FloatVector.fromMemorySegment(F, layer, at1 + p, ORDER);
        FloatVector x0 = FloatVector.broadcast(F, q[i]);
        s00 = x0.fma(k0, s00);
        s01 = x0.fma(k1, s01);
        FloatVector x1 = FloatVector.broadcast(F, q[i + dim]);
        s10 = x1.fma(k0, s10);
        s11 = x1.fma(k1, s11);
        FloatVector x2 = FloatVector.broadcast(F, q[i + 2 * dim]);
        s20 = x2.fma(k0, s20);
        s21 = x2.fma(k1, s21);
        FloatVector x3 = FloatVector.broadcast(F, q[i + 3 * dim]);
        s30 = x3.fma(k0, s30);
        s31 = x3.fma(k1, s31);
      }
      s00.mul(scale).intoArray(scores, to + lane);
      s01.mul(scale).intoArray(scores, to + PAGE + lane);
      s10.mul(scale).intoArray(scores, span + to + lane);
      s11.mul(scale).intoArray(scores, span + to + PAGE + lane);
      s20.mul(scale).intoArray(scores, 2 * span + to + lane);
      s21.mul(scale).intoArray(scores, 2 * span + to + PAGE + lane);
      s30.mul(scale).intoArray(scores, 3 * span + to + lane);
      s31.mul(scale).intoArray(scores, 3 * span + to + PAGE + lane);
    }
  }
}
