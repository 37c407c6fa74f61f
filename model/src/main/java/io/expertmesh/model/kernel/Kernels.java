package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The numeric operations of the mesh. Every implementation computes each row on its own: the result
 * for a row has the same bits whatever other rows are in the batch, however many threads run, and
 * wherever the row stands in it.
 *
 * <p>Activations are fp32 arrays, row-major. Implementations are thread-safe; a call uses the
 * threads of the pool it is given and returns when all of its work is done. No call allocates in
 * steady state.
 */
public interface Kernels {
  /** Short name of the provider: {@code scalar}, {@code vector} or {@code onednn}. */
  String provider();

  /** What the bits of results depend on, for rows rounded to {@code activations} (F32 or BF16). */
  NumericsClass numericsClass(DType activations);

  /**
   * Packs weights once, at load. The values are kept exactly (bf16 stays bf16 where the provider
   * multiplies it exactly).
   *
   * @param weights N × K matrix of the checkpoint
   * @param activations F32: inputs are used as they are; BF16: inputs are rounded to bf16 (nearest
   *     even) before the product
   * @param arena owner of the packed memory; one that every thread may access (not a confined one)
   */
  PackedMatrix pack(WeightMatrix weights, DType activations, Arena arena);

  /**
   * Packs several matrices of equal K as one whose outputs stand one after the other: [w0 rows | w1
   * rows | ...].
   */
  PackedMatrix packStacked(java.util.List<WeightMatrix> weights, DType activations, Arena arena);

  /**
   * {@code y = x · Wᵀ} with fp32 accumulation.
   *
   * @param x rows × K from {@code xOffset}
   * @param y rows × N from {@code yOffset}, overwritten
   */
  void matmul(
      PackedMatrix w, float[] x, int xOffset, int rows, float[] y, int yOffset, ComputePool pool);

  /**
   * RMSNorm of one row: {@code y = weight ⊙ x · rsqrt(mean(x²) + eps)}.
   *
   * @param n row length
   */
  void rmsNorm(float[] x, int xOffset, float[] weight, float eps, float[] y, int yOffset, int n);

  /**
   * LayerNorm of one row: {@code y = weight ⊙ (x − mean(x)) · rsqrt(var(x) + eps) + bias}, with the
   * population variance of the centred values (Ba et al. 2016).
   *
   * @param weight {@code n} factors
   * @param bias {@code n} addends
   * @param n row length
   */
  void layerNorm(
      float[] x,
      int xOffset,
      float[] weight,
      float[] bias,
      float eps,
      float[] y,
      int yOffset,
      int n);

  /**
   * Gated activation of one row of a stacked gate/up product: {@code out[i] = f(gateUp[i]) ·
   * gateUp[inner + i]}.
   *
   * @param gateUp gate values, then up values, {@code 2 × inner} from {@code offset}
   * @param out {@code inner} values from {@code outOffset}; may be the same array and offset as the
   *     gate half
   */
  void gated(Nonlinearity f, float[] gateUp, int offset, float[] out, int outOffset, int inner);

  /** {@link #gated} with {@link Nonlinearity#SILU} (SwiGLU, Shazeer 2020). */
  default void swiGlu(float[] gateUp, int offset, float[] out, int outOffset, int inner) {
    gated(Nonlinearity.SILU, gateUp, offset, out, outOffset, inner);
  }

  /** {@code out[i] = f(x[i])} for n elements, possibly in place. */
  void activate(Nonlinearity f, float[] x, int offset, float[] out, int outOffset, int n);

  /**
   * gpt-oss's gated activation: {@code out[i] = (u + 1) · g · σ(alpha · g)} with {@code g =
   * min(gateUp[i], limit)} and {@code u = clamp(gateUp[inner + i], ±limit)}; arrays as for {@link
   * #gated}.
   */
  void clampedSwiGlu(
      float[] gateUp, int offset, float alpha, float limit, float[] out, int outOffset, int inner);

  /** {@code a[i] += b[i]} for n elements. */
  void add(float[] a, int aOffset, float[] b, int bOffset, int n);

  /** {@code acc[i] = fma(scale, x[i], acc[i])} for n elements: the combine of expert rows. */
  void addScaled(float[] acc, int accOffset, float scale, float[] x, int xOffset, int n);

  /** {@code x[i] *= factor} for n elements. */
  void scale(float[] x, int offset, int n, float factor);

  /** Clamps n elements to {@code [-limit, limit]}; NaN stays NaN. */
  void clamp(float[] x, int offset, int n, float limit);

  /** {@code x[i] = 1 / (1 + exp(-x[i]))} for n elements. */
  void sigmoid(float[] x, int offset, int n);

  /** {@code x[i] = cap · tanh(x[i] / cap)} for n elements. */
  void softCap(float[] x, int offset, int n, float cap);

  /** Rounds n elements to bf16 precision in place (nearest even; NaN stays NaN). */
  void roundToBf16(float[] x, int offset, int n);

  /**
   * Rotary embedding, half-split convention, in place: for i &lt; half, {@code (x[i], x[i+half])}
   * is turned by the angle whose cosine and sine are given.
   *
   * @param cos {@code half} values from {@code tableOffset}
   * @param sin {@code half} values from {@code tableOffset}
   */
  void rope(float[] x, int offset, float[] cos, float[] sin, int tableOffset, int half);

  /**
   * Rotary embedding, interleaved convention, in place: for i &lt; half, {@code (x[2i], x[2i+1])}
   * is turned by the angle whose cosine and sine are given.
   *
   * @param cos {@code half} values from {@code tableOffset}
   * @param sin {@code half} values from {@code tableOffset}
   */
  void ropeInterleaved(float[] x, int offset, float[] cos, float[] sin, int tableOffset, int half);

  /**
   * Softmax of n fp32 values in place, maximum subtracted, summed in an order that does not depend
   * on vector width.
   */
  void softmax(float[] x, int offset, int n);

  /** {@code log(sum(exp(x)))} of n values, maximum subtracted, in double precision. */
  double logSumExp(float[] x, int offset, int n);

  /** True if every one of n values is finite. */
  boolean allFinite(float[] x, int offset, int n);

  /**
   * Writes one token's keys and values into a page slot.
   *
   * @param layer the layer's page memory
   * @param page page index within {@code layer}
   * @param slot token slot in the page, 0 ≤ slot &lt; {@link KvLayout#PAGE_TOKENS}
   * @param keys {@code kvHeads × headDim} from {@code kOffset}
   * @param values {@code kvHeads × headDim} from {@code vOffset}
   */
  void storeKv(
      MemorySegment layer,
      KvLayout layout,
      int page,
      int slot,
      float[] keys,
      int kOffset,
      float[] values,
      int vOffset);

  /**
   * Softmax attention of one token over paged keys and values, pages visited in order. Query head h
   * reads key-value head {@code h / (queryHeads / kvHeads)}.
   *
   * @param layer the layer's page memory
   * @param pages block table: page of token positions 0..15, 16..31, ...
   * @param firstKey first position attended to (0 unless a window cuts it)
   * @param keys one more than the last position attended to
   * @param q {@code queryHeads × headDim} from {@code qOffset}
   * @param rule what is done to the products of queries and keys
   * @param out {@code queryHeads × headDim} from {@code outOffset}, overwritten
   * @param scratch at least {@code keys + 2 × PAGE_TOKENS} floats; with four times as many, query
   *     heads that share a key-value head are computed together, which is faster and gives the same
   *     bits
   */
  void attend(
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
      float[] scratch);

  /**
   * Writes one token's compressed row, and after it the key part that all heads share, into a page
   * slot.
   *
   * @param memory the layer's page memory
   * @param page page index within {@code memory}
   * @param slot token slot in the page, 0 ≤ slot &lt; {@link KvLayout#PAGE_TOKENS}
   * @param row {@code layout.width()} values from {@code offset}
   */
  void storeLatent(
      MemorySegment memory, LatentLayout layout, int page, int slot, float[] row, int offset);

  /**
   * Softmax attention of one token over compressed rows (latent attention with absorbed
   * projections, DeepSeek-V2 2024): the score of a key is the product of the query with its whole
   * row, its value is the first {@code rank} floats. Weights and weighted sums are added in the
   * pattern of 16 lanes.
   *
   * @param memory the layer's page memory
   * @param pages block table: page of token positions 0..15, 16..31, ...
   * @param keys one more than the last position attended to
   * @param q {@code queryHeads × layout.width()} from {@code qOffset}
   * @param scale factor on the scores
   * @param out {@code queryHeads × rank} from {@code outOffset}, overwritten
   * @param scratch as for {@link #attend}
   */
  void attendLatent(
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
      float[] scratch);

  /**
   * The k largest of n values, best first; equal values in order of their index.
   *
   * @param indices receives k indices relative to {@code offset}
   */
  void topK(float[] x, int offset, int n, int k, int[] indices, int indicesOffset);
}
