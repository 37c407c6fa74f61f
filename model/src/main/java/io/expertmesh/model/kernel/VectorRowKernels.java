package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;

/**
 * What both fast providers compute alike, in plain Java on the Vector API: everything but matrix
 * products.
 */
abstract sealed class VectorRowKernels implements Kernels permits VectorKernels, OneDnnKernels {
  @Override
  public void rmsNorm(
      float[] x, int xOffset, float[] weight, float eps, float[] y, int yOffset, int n) {
    VectorRows.rmsNorm(x, xOffset, weight, eps, y, yOffset, n);
  }

  @Override
  public void gated(
      Nonlinearity f, float[] gateUp, int offset, float[] out, int outOffset, int inner) {
    VectorActivations.gated(f, gateUp, offset, out, outOffset, inner);
  }

  @Override
  public void activate(Nonlinearity f, float[] x, int offset, float[] out, int outOffset, int n) {
    VectorActivations.activate(f, x, offset, out, outOffset, n);
  }

  @Override
  public void clampedSwiGlu(
      float[] gateUp, int offset, float alpha, float limit, float[] out, int outOffset, int inner) {
    VectorActivations.clampedSwiGlu(gateUp, offset, alpha, limit, out, outOffset, inner);
  }

  @Override
  public void add(float[] a, int aOffset, float[] b, int bOffset, int n) {
    VectorRows.add(a, aOffset, b, bOffset, n);
  }

  @Override
  public void addScaled(float[] acc, int accOffset, float scale, float[] x, int xOffset, int n) {
    VectorRows.addScaled(acc, accOffset, scale, x, xOffset, n);
  }

  @Override
  public void roundToBf16(float[] x, int offset, int n) {
    VectorRows.roundToBf16(x, offset, n);
  }

  @Override
  public void rope(float[] x, int offset, float[] cos, float[] sin, int tableOffset, int half) {
    VectorRows.rope(x, offset, cos, sin, tableOffset, half);
  }

  @Override
  public void softmax(float[] x, int offset, int n) {
    VectorRows.softmax(x, offset, n);
  }

  @Override
  public double logSumExp(float[] x, int offset, int n) {
    return VectorRows.logSumExp(x, offset, n);
  }

  @Override
  public boolean allFinite(float[] x, int offset, int n) {
    return VectorRows.allFinite(x, offset, n);
  }

  @Override
  public void storeKv(
      MemorySegment layer,
      KvLayout layout,
      int page,
      int slot,
      float[] keys,
      int kOffset,
      float[] values,
      int vOffset) {
    KvPages.store(layer, layout, page, slot, keys, kOffset, values, vOffset);
  }

  @Override
  public void attend(
      MemorySegment layer,
      KvLayout layout,
      int[] pages,
      int firstKey,
      int keys,
      float[] q,
      int qOffset,
      int queryHeads,
      ScoreRule rule,
      float[] out,
      int outOffset,
      float[] scratch) {
    VectorAttention.attend(
        layer,
        layout,
        pages,
        firstKey,
        keys,
        q,
        qOffset,
        queryHeads,
        rule,
        out,
        outOffset,
        scratch);
  }

  @Override
  public void layerNorm(
      float[] x,
      int xOffset,
      float[] weight,
      float[] bias,
      float eps,
      float[] y,
      int yOffset,
      int n) {
    VectorRows.layerNorm(x, xOffset, weight, bias, eps, y, yOffset, n);
  }

  @Override
  public void scale(float[] x, int offset, int n, float factor) {
    VectorRows.scale(x, offset, n, factor);
  }

  @Override
  public void clamp(float[] x, int offset, int n, float limit) {
    VectorRows.clamp(x, offset, n, limit);
  }

  @Override
  public void sigmoid(float[] x, int offset, int n) {
    VectorRows.sigmoid(x, offset, n);
  }

  @Override
  public void softCap(float[] x, int offset, int n, float cap) {
    VectorRows.softCap(x, offset, n, cap);
  }

  @Override
  public void ropeInterleaved(
      float[] x, int offset, float[] cos, float[] sin, int tableOffset, int half) {
    VectorRows.ropeInterleaved(x, offset, cos, sin, tableOffset, half);
  }

  @Override
  public void storeLatent(
      MemorySegment memory, LatentLayout layout, int page, int slot, float[] row, int offset) {
    KvPages.storeLatent(memory, layout, page, slot, row, offset);
  }

  @Override
  public void attendLatent(
      MemorySegment memory,
      LatentLayout layout,
      int[] pages,
      int keys,
      float[] q,
      int qOffset,
      int queryHeads,
      float scale,
      float[] out,
      int outOffset,
      float[] scratch) {
    VectorAttention.attendLatent(
        memory, layout, pages, keys, q, qOffset, queryHeads, scale, out, outOffset, scratch);
  }

  @Override
  public void topK(float[] x, int offset, int n, int k, int[] indices, int indicesOffset) {
    Arguments.topK(x, offset, n, k, indices, indicesOffset);
    TopK.select(x, offset, n, k, indices, indicesOffset);
  }
}
