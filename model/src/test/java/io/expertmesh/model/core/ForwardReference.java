package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The forward pass as the formulas state it, in double precision and without a cache: slow, and
 * independent of every kernel. Weights are the stored values, widened. With bf16 activations the
 * input of every matrix product, every expert's output and every combined row is rounded to bf16,
 * as on the wire; the rest stays exact.
 */
final class ForwardReference {
  private final Checkpoint checkpoint;
  private final DType activations;
  private final Map<TensorRef, double[][]> matrices = new HashMap<>();

  ForwardReference(Checkpoint checkpoint, DType activations) {
    this.checkpoint = checkpoint;
    this.activations = activations;
  }

  /**
   * What a pass computes.
   *
   * @param logits {@code [tokens][vocab]}
   * @param gateLogits {@code [tokens][experts]} of each routed layer, in order
   */
  record Output(double[][] logits, List<double[][]> gateLogits) {}

  /** Runs one sequence from its first token. */
  Output run(long[] ids) {
    ModelSpec spec = checkpoint.spec();
    double[][] embedding = matrix(spec.embedding().table());
    double[][] x = new double[ids.length][];
    for (int t = 0; t < ids.length; t++) {
      x[t] = embedding[Math.toIntExact(ids[t])].clone();
    }
    List<double[][]> gateLogits = new ArrayList<>();
    for (LayerSpec layer : spec.layers()) {
      switch (layer.temporalMixer()) {
        case AttentionSpec attention ->
            addTo(x, attention(attention, norm(layer.temporalNorm(), x)));
        case LatentAttentionSpec _ -> throw new IllegalStateException("no reference");
      }
      double[][] input = norm(layer.channelNorm().orElseThrow(), x);
      switch (layer.channelMixer()) {
        case DenseFfn dense -> addTo(x, feedForward(dense, input));
        case RoutedFfn routed -> {
          double[][] logits =
              multiply(input, matrix(routed.gate().projection().orElseThrow().weight()));
          gateLogits.add(logits);
          addTo(x, routed(routed, input, logits));
        }
      }
    }
    double[][] logits = multiply(norm(spec.finalNorm(), x), matrix(spec.head().linear().weight()));
    return new Output(logits, gateLogits);
  }

  private double[][] attention(AttentionSpec spec, double[][] x) {
    double[][] q = multiply(x, matrix(spec.query().weight()));
    double[][] k = multiply(x, matrix(spec.key().weight()));
    double[][] v = multiply(x, matrix(spec.value().weight()));
    int dim = spec.headDim();
    for (int t = 0; t < x.length; t++) {
      rotate(q[t], t, spec);
      rotate(k[t], t, spec);
    }
    double[][] mixed = new double[x.length][spec.heads() * dim];
    for (int t = 0; t < x.length; t++) {
      int first = spec.window().isPresent() ? Math.max(0, t - spec.window().getAsInt() + 1) : 0;
      for (int h = 0; h < spec.heads(); h++) {
        int kv = h / (spec.heads() / spec.kvHeads());
        double[] scores = new double[t - first + 1];
        for (int p = first; p <= t; p++) {
          for (int i = 0; i < dim; i++) {
            scores[p - first] += q[t][h * dim + i] * k[p][kv * dim + i] * spec.scale();
          }
        }
        softmax(scores);
        for (int p = first; p <= t; p++) {
          for (int i = 0; i < dim; i++) {
            mixed[t][h * dim + i] += scores[p - first] * v[p][kv * dim + i];
          }
        }
      }
    }
    return multiply(mixed, matrix(spec.output().weight()));
  }

  private static void rotate(double[] row, int position, AttentionSpec spec) {
    RopeSpec rope = (RopeSpec) spec.position();
    int half = rope.dims() / 2;
    for (int head = 0; head < row.length; head += spec.headDim()) {
      for (int i = 0; i < half; i++) {
        double angle = position * Math.pow(rope.theta(), -(double) i / half);
        double a = row[head + i];
        double b = row[head + half + i];
        row[head + i] = a * Math.cos(angle) - b * Math.sin(angle);
        row[head + half + i] = b * Math.cos(angle) + a * Math.sin(angle);
      }
    }
  }

  private double[][] feedForward(DenseFfn ffn, double[][] x) {
    double[][] gate = multiply(x, matrix(ffn.gate().orElseThrow().weight()));
    double[][] up = multiply(x, matrix(ffn.up().weight()));
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < ffn.inner(); i++) {
        up[t][i] *= gate[t][i] / (1 + Math.exp(-gate[t][i]));
      }
    }
    return multiply(up, matrix(ffn.down().weight()));
  }

  private double[][] routed(RoutedFfn spec, double[][] x, double[][] logits) {
    double[][] y = new double[x.length][checkpoint.spec().hiddenSize()];
    for (int t = 0; t < x.length; t++) {
      double[] weights = gateWeights(spec.gate().policy(), logits[t].clone());
      for (int e = 0; e < weights.length; e++) {
        if (weights[e] > 0) {
          double[] row = rounded(feedForward(spec.experts().get(e), new double[][] {x[t]})[0]);
          for (int i = 0; i < row.length; i++) {
            y[t][i] += weights[e] * row[i];
          }
        }
      }
      y[t] = rounded(y[t]);
    }
    return y;
  }

  /** The weight of every expert: 0 for those that are not chosen. */
  private static double[] gateWeights(GatingSpec policy, double[] scores) {
    if (!(policy instanceof GatingSpec.SoftmaxTopK(int k, boolean normalized, float scale))) {
      throw new IllegalArgumentException("no reference for " + policy);
    }
    softmax(scores);
    double[] weights = new double[scores.length];
    double sum = 0;
    for (int n = 0; n < k; n++) {
      int best = 0;
      for (int e = 1; e < scores.length; e++) {
        best = scores[e] > scores[best] ? e : best;
      }
      weights[best] = scores[best];
      sum += scores[best];
      scores[best] = -1;
    }
    for (int e = 0; e < weights.length; e++) {
      weights[e] *= scale / (normalized ? sum : 1);
    }
    return weights;
  }

  private double[][] norm(NormSpec spec, double[][] x) {
    float[] weight = checkpoint.vector(spec.weight());
    double[][] y = new double[x.length][weight.length];
    for (int t = 0; t < x.length; t++) {
      double squares = 0;
      for (double value : x[t]) {
        squares += value * value;
      }
      double scale = 1 / Math.sqrt(squares / weight.length + spec.eps());
      for (int i = 0; i < weight.length; i++) {
        y[t][i] = weight[i] * x[t][i] * scale;
      }
    }
    return y;
  }

  private double[][] multiply(double[][] x, double[][] w) {
    double[][] y = new double[x.length][w.length];
    for (int t = 0; t < x.length; t++) {
      double[] input = rounded(x[t]);
      for (int n = 0; n < w.length; n++) {
        double sum = 0;
        for (int k = 0; k < w[n].length; k++) {
          sum += input[k] * w[n][k];
        }
        y[t][n] = sum;
      }
    }
    return y;
  }

  /** The row at the precision of activations: nearest, ties to even. */
  private double[] rounded(double[] row) {
    if (activations != DType.BF16) {
      return row;
    }
    double[] y = new double[row.length];
    for (int i = 0; i < row.length; i++) {
      double unit = Math.scalb(1.0, Math.getExponent(row[i]) - 7);
      y[i] = Math.rint(row[i] / unit) * unit;
    }
    return y;
  }

  private static void addTo(double[][] x, double[][] y) {
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < x[t].length; i++) {
        x[t][i] += y[t][i];
      }
    }
  }

  private static void softmax(double[] x) {
    double max = Double.NEGATIVE_INFINITY;
    for (double value : x) {
      max = Math.max(max, value);
    }
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.exp(x[i] - max);
      sum += x[i];
    }
    for (int i = 0; i < x.length; i++) {
      x[i] /= sum;
    }
  }

  private double[][] matrix(TensorRef ref) {
    double @Nullable [][] known = matrices.get(ref);
    if (known == null) {
      known = widen(checkpoint.matrix(ref));
      matrices.put(ref, known);
    }
    return known;
  }

  private static double[][] widen(WeightMatrix matrix) {
    var shorts = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    var floats = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    double[][] rows = new double[matrix.rows()][matrix.columns()];
    long at = 0;
    for (double[] row : rows) {
      for (int k = 0; k < row.length; k++, at++) {
        row[k] =
            switch (matrix.dtype()) {
              case F32 -> matrix.data().getAtIndex(floats, at);
              case BF16 -> Float.intBitsToFloat(matrix.data().getAtIndex(shorts, at) << Short.SIZE);
              case F16 -> Float.float16ToFloat(matrix.data().getAtIndex(shorts, at));
            };
      }
    }
    return rows;
  }
}
