package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** The reference: plain loops that say what every other provider has to compute, bit for bit. */
public final class ScalarKernels implements Kernels {
  /** Name of the summation order that this provider and the vector provider share. */
  static final String ORDER = "fma1";

  private static final int OUTPUTS_PER_PART = 16;

  @Override
  public String provider() {
    return "scalar";
  }

  @Override
  public NumericsClass numericsClass(DType activations) {
    Arguments.activations(activations);
    return new NumericsClass(ORDER, "any", activations);
  }

  @Override
  public PackedMatrix pack(WeightMatrix weights, DType activations, Arena arena) {
    return packStacked(List.of(weights), activations, arena);
  }

  @Override
  public PackedMatrix packStacked(List<WeightMatrix> weights, DType activations, Arena arena) {
    Arguments.activations(activations);
    WeightReader reader = new WeightReader(weights);
    int columns = reader.columns();
    MemorySegment data = arena.allocate((long) reader.rows() * columns * Float.BYTES, Float.BYTES);
    float[] row = new float[columns];
    for (int n = 0; n < reader.rows(); n++) {
      reader.read(n, 0, columns, row);
      long at = (long) n * columns * Float.BYTES;
      MemorySegment.copy(row, 0, data, ValueLayout.JAVA_FLOAT, at, columns);
    }
    return new ScalarMatrix(reader.rows(), columns, activations, data);
  }

  @Override
  public void matmul(
      PackedMatrix w, float[] x, int xOffset, int rows, float[] y, int yOffset, ComputePool pool) {
    Arguments.matmul(w, x, xOffset, rows, y, yOffset);
    ScalarMatrix matrix = (ScalarMatrix) w;
    int parts = (matrix.rows() + OUTPUTS_PER_PART - 1) / OUTPUTS_PER_PART;
    pool.run(
        parts,
        part -> {
          int end = Math.min(matrix.rows(), (part + 1) * OUTPUTS_PER_PART);
          for (int n = part * OUTPUTS_PER_PART; n < end; n++) {
            for (int row = 0; row < rows; row++) {
              y[yOffset + row * matrix.rows() + n] =
                  dot(matrix, n, x, xOffset + row * matrix.columns());
            }
          }
        });
  }

  private static float dot(ScalarMatrix w, int n, float[] x, int xOffset) {
    boolean round = w.activations() == DType.BF16;
    long first = (long) n * w.columns();
    float sum = 0;
    for (int k = 0; k < w.columns(); k++) {
      float input = round ? BFloat16.round(x[xOffset + k]) : x[xOffset + k];
      sum = Math.fma(input, w.data().getAtIndex(ValueLayout.JAVA_FLOAT, first + k), sum);
    }
    return sum;
  }

  @Override
  public void rmsNorm(
      float[] x, int xOffset, float[] weight, float eps, float[] y, int yOffset, int n) {
    float[] lanes = new float[SumOrder.LANES];
    for (int i = 0; i < n; i++) {
      int lane = i % SumOrder.LANES;
      lanes[lane] = Math.fma(x[xOffset + i], x[xOffset + i], lanes[lane]);
    }
    float scale = rmsScale(SumOrder.fold(lanes), n, eps);
    for (int i = 0; i < n; i++) {
      y[yOffset + i] = x[xOffset + i] * scale * weight[i];
    }
  }

  /** {@code 1 / sqrt(sum / n + eps)}. */
  static float rmsScale(float sumOfSquares, int n, float eps) {
    return (float) (1.0 / Math.sqrt(sumOfSquares / n + eps));
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
    float[] lanes = new float[SumOrder.LANES];
    for (int i = 0; i < n; i++) {
      lanes[i % SumOrder.LANES] += x[xOffset + i];
    }
    float mean = SumOrder.fold(lanes) / n;
    java.util.Arrays.fill(lanes, 0f);
    for (int i = 0; i < n; i++) {
      int lane = i % SumOrder.LANES;
      float centred = x[xOffset + i] - mean;
      lanes[lane] = Math.fma(centred, centred, lanes[lane]);
    }
    float scale = rmsScale(SumOrder.fold(lanes), n, eps);
    for (int i = 0; i < n; i++) {
      y[yOffset + i] = Math.fma((x[xOffset + i] - mean) * scale, weight[i], bias[i]);
    }
  }

  @Override
  public void gated(
      Nonlinearity f, float[] gateUp, int offset, float[] out, int outOffset, int inner) {
    for (int i = 0; i < inner; i++) {
      out[outOffset + i] = ActivationMath.apply(f, gateUp[offset + i]) * gateUp[offset + inner + i];
    }
  }

  @Override
  public void activate(Nonlinearity f, float[] x, int offset, float[] out, int outOffset, int n) {
    for (int i = 0; i < n; i++) {
      out[outOffset + i] = ActivationMath.apply(f, x[offset + i]);
    }
  }

  @Override
  public void clampedSwiGlu(
      float[] gateUp, int offset, float alpha, float limit, float[] out, int outOffset, int inner) {
    for (int i = 0; i < inner; i++) {
      float gate = gateUp[offset + i];
      float up = gateUp[offset + inner + i];
      out[outOffset + i] = ActivationMath.clampedSwiGlu(gate, up, alpha, limit);
    }
  }

  @Override
  public void add(float[] a, int aOffset, float[] b, int bOffset, int n) {
    for (int i = 0; i < n; i++) {
      a[aOffset + i] += b[bOffset + i];
    }
  }

  @Override
  public void addScaled(float[] acc, int accOffset, float scale, float[] x, int xOffset, int n) {
    for (int i = 0; i < n; i++) {
      acc[accOffset + i] = Math.fma(scale, x[xOffset + i], acc[accOffset + i]);
    }
  }

  @Override
  public void scale(float[] x, int offset, int n, float factor) {
    for (int i = offset; i < offset + n; i++) {
      x[i] *= factor;
    }
  }

  @Override
  public void clamp(float[] x, int offset, int n, float limit) {
    for (int i = offset; i < offset + n; i++) {
      x[i] = Math.min(Math.max(x[i], -limit), limit);
    }
  }

  @Override
  public void sigmoid(float[] x, int offset, int n) {
    for (int i = offset; i < offset + n; i++) {
      x[i] = ExpMath.sigmoid(x[i]);
    }
  }

  @Override
  public void softCap(float[] x, int offset, int n, float cap) {
    for (int i = offset; i < offset + n; i++) {
      x[i] = cap * ExpMath.tanh(x[i] / cap);
    }
  }

  @Override
  public void roundToBf16(float[] x, int offset, int n) {
    for (int i = offset; i < offset + n; i++) {
      x[i] = BFloat16.round(x[i]);
    }
  }

  @Override
  public void rope(float[] x, int offset, float[] cos, float[] sin, int tableOffset, int half) {
    for (int i = 0; i < half; i++) {
      float a = x[offset + i];
      float b = x[offset + half + i];
      float c = cos[tableOffset + i];
      float s = sin[tableOffset + i];
      x[offset + i] = Math.fma(-b, s, a * c);
      x[offset + half + i] = Math.fma(a, s, b * c);
    }
  }

  @Override
  public void ropeInterleaved(
      float[] x, int offset, float[] cos, float[] sin, int tableOffset, int half) {
    for (int i = 0; i < half; i++) {
      float a = x[offset + 2 * i];
      float b = x[offset + 2 * i + 1];
      float c = cos[tableOffset + i];
      float s = sin[tableOffset + i];
      x[offset + 2 * i] = Math.fma(-b, s, a * c);
      x[offset + 2 * i + 1] = Math.fma(a, s, b * c);
    }
  }

  @Override
  public void softmax(float[] x, int offset, int n) {
    float max = max(x, offset, n);
    float[] lanes = new float[SumOrder.LANES];
    for (int i = 0; i < n; i++) {
      x[offset + i] = ExpMath.exp(x[offset + i] - max);
      lanes[i % SumOrder.LANES] += x[offset + i];
    }
    float sum = SumOrder.fold(lanes);
    for (int i = 0; i < n; i++) {
      x[offset + i] /= sum;
    }
  }

  @Override
  public double logSumExp(float[] x, int offset, int n) {
    double max = max(x, offset, n);
    double[] lanes = new double[SumOrder.LANES];
    for (int i = 0; i < n; i++) {
      lanes[i % SumOrder.LANES] += ExpMath.expNegative(x[offset + i] - max);
    }
    return max + StrictMath.log(SumOrder.fold(lanes));
  }

  private static float max(float[] x, int offset, int n) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, x[offset + i]);
    }
    return max;
  }

  @Override
  public boolean allFinite(float[] x, int offset, int n) {
    for (int i = 0; i < n; i++) {
      if (!Float.isFinite(x[offset + i])) {
        return false;
      }
    }
    return true;
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
    Arguments.attend(layout, pages, firstKey, keys, queryHeads, rule, scratch);
    int dim = layout.headDim();
    int group = queryHeads / layout.kvHeads();
    float[] lanes = new float[SumOrder.LANES];
    for (int head = 0; head < queryHeads; head++) {
      float max = Float.NEGATIVE_INFINITY;
      for (int key = firstKey; key < keys; key++) {
        int page = pages[key / KvLayout.PAGE_TOKENS];
        long at = KvPages.keys(layout, page, head / group) / Float.BYTES;
        float score = 0;
        for (int d = 0; d < dim; d++) {
          long index = at + (long) d * KvLayout.PAGE_TOKENS + key % KvLayout.PAGE_TOKENS;
          float k = layer.getAtIndex(ValueLayout.JAVA_FLOAT, index);
          score = Math.fma(q[qOffset + head * dim + d], k, score);
        }
        scratch[key] = rule.score(score, head, key - keys + 1);
        max = Math.max(max, scratch[key]);
      }
      max = rule.max(max, head);
      java.util.Arrays.fill(lanes, 0f);
      for (int key = firstKey; key < keys; key++) {
        scratch[key] = ExpMath.exp(scratch[key] - max);
        lanes[key % SumOrder.LANES] += scratch[key];
      }
      float sum = rule.sum(SumOrder.fold(lanes), max, head);
      for (int d = 0; d < dim; d++) {
        float value = 0;
        for (int key = firstKey; key < keys; key++) {
          int page = pages[key / KvLayout.PAGE_TOKENS];
          long at = KvPages.values(layout, page, head / group) / Float.BYTES;
          long index = at + (long) (key % KvLayout.PAGE_TOKENS) * dim + d;
          value = Math.fma(scratch[key], layer.getAtIndex(ValueLayout.JAVA_FLOAT, index), value);
        }
        out[outOffset + head * dim + d] = value / sum;
      }
    }
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
    Arguments.attendLatent(pages, keys, queryHeads, scratch);
    int width = layout.width();
    float[] lanes = new float[SumOrder.LANES];
    for (int head = 0; head < queryHeads; head++) {
      float max = Float.NEGATIVE_INFINITY;
      for (int key = 0; key < keys; key++) {
        float score = 0;
        for (int d = 0; d < width; d++) {
          score =
              Math.fma(q[qOffset + head * width + d], latent(memory, layout, pages, key, d), score);
        }
        scratch[key] = score * scale;
        max = Math.max(max, scratch[key]);
      }
      java.util.Arrays.fill(lanes, 0f);
      for (int key = 0; key < keys; key++) {
        scratch[key] = ExpMath.exp(scratch[key] - max);
        lanes[key % SumOrder.LANES] += scratch[key];
      }
      float sum = SumOrder.fold(lanes);
      for (int d = 0; d < layout.rank(); d++) {
        java.util.Arrays.fill(lanes, 0f);
        for (int key = 0; key < keys; key++) {
          int lane = key % SumOrder.LANES;
          float value = latent(memory, layout, pages, key, d);
          lanes[lane] = Math.fma(scratch[key], value, lanes[lane]);
        }
        out[outOffset + head * layout.rank() + d] = SumOrder.fold(lanes) / sum;
      }
    }
  }

  private static float latent(
      MemorySegment memory, LatentLayout layout, int[] pages, int key, int d) {
    long page = KvPages.latent(layout, pages[key / KvLayout.PAGE_TOKENS]) / Float.BYTES;
    return memory.getAtIndex(
        ValueLayout.JAVA_FLOAT,
        page + (long) d * KvLayout.PAGE_TOKENS + key % KvLayout.PAGE_TOKENS);
  }

  @Override
  public void topK(float[] x, int offset, int n, int k, int[] indices, int indicesOffset) {
    Arguments.topK(x, offset, n, k, indices, indicesOffset);
    for (int i = 0; i < k; i++) {
      int best = -1;
      for (int j = 0; j < n; j++) {
        boolean free = i == 0 || Ranking.before(x, offset, indices[indicesOffset + i - 1], j);
        if (free && (best < 0 || Ranking.before(x, offset, j, best))) {
          best = j;
        }
      }
      indices[indicesOffset + i] = best;
    }
  }
}
