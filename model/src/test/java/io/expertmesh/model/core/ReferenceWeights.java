package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Weights widened to doubles, and what is done with them, as the formulas state it. */
final class ReferenceWeights {
  private final Checkpoint checkpoint;
  private final DType activations;
  private final Map<TensorRef, double[][]> matrices = new HashMap<>();

  ReferenceWeights(Checkpoint checkpoint, DType activations) {
    this.checkpoint = checkpoint;
    this.activations = activations;
  }

  double[][] linear(Linear linear, double[][] x) {
    double[][] y = multiply(x, matrix(linear.weight()));
    linear.bias().map(checkpoint::vector).ifPresent(bias -> addToEach(y, bias));
    return y;
  }

  private static void addToEach(double[][] rows, float[] bias) {
    for (double[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] += bias[i];
      }
    }
  }

  /** Normalises runs of {@code width} values; a longer weight has values of its own for each. */
  double[][] norm(NormSpec spec, double[][] x, int width) {
    float[] weight = checkpoint.vector(spec.weight());
    float[] bias = spec.bias().map(checkpoint::vector).orElse(new float[weight.length]);
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      y[t] = new double[x[t].length];
      for (int from = 0; from < x[t].length; from += width) {
        normalise(spec, x[t], y[t], from, width, weight, bias);
      }
    }
    return y;
  }

  private static void normalise(
      NormSpec spec, double[] x, double[] y, int from, int width, float[] weight, float[] bias) {
    double mean = 0;
    for (int i = from; i < from + width && spec.kind() == NormSpec.Kind.LAYER; i++) {
      mean += x[i] / width;
    }
    double squares = 0;
    for (int i = from; i < from + width; i++) {
      squares += (x[i] - mean) * (x[i] - mean) / width;
    }
    for (int i = from; i < from + width; i++) {
      int at = i % weight.length;
      double factor = spec.kind() == NormSpec.Kind.RMS_OFFSET ? 1.0 + weight[at] : weight[at];
      y[i] = factor * (x[i] - mean) / Math.sqrt(squares + spec.eps()) + bias[at];
    }
  }

  float[] vector(TensorRef ref) {
    return checkpoint.vector(ref);
  }

  double[][] multiply(double[][] x, double[][] w) {
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
  double[] rounded(double[] row) {
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

  double[][] matrix(TensorRef ref) {
    double @Nullable [][] known = matrices.get(ref);
    if (known == null) {
      known = widen(checkpoint.matrix(ref));
      matrices.put(ref, known);
    }
    return known;
  }

  static double[][] widen(WeightMatrix matrix) {
    var shorts = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    var floats = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    double[][] rows = new double[matrix.rows()][matrix.columns()];
    for (int r = 0; r < matrix.rows(); r++) {
      for (int k = 0; k < matrix.columns(); k++) {
        long at =
            matrix.transposed() ? (long) k * matrix.rows() + r : (long) r * matrix.columns() + k;
        rows[r][k] =
            switch (matrix.dtype()) {
              case F32 -> matrix.data().get(floats, at * 4);
              case BF16 -> Float.intBitsToFloat(matrix.data().get(shorts, at * 2) << Short.SIZE);
              case F16 -> Float.float16ToFloat(matrix.data().get(shorts, at * 2));
            };
      }
    }
    return rows;
  }
}
