package io.expertmesh.attention.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.Linear;
import io.expertmesh.model.core.NormSpec;
import io.expertmesh.model.core.TensorRef;
import io.expertmesh.model.kernel.WeightMatrix;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Tensors in double precision, and the two operations that everything is made of. */
final class SlowTensors {
  private final Checkpoint checkpoint;
  private final Map<TensorRef, double[][]> matrices = new HashMap<>();

  SlowTensors(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
  }

  double[][] matrix(TensorRef ref) {
    return matrices.computeIfAbsent(ref, this::read);
  }

  private double[][] read(TensorRef ref) {
    WeightMatrix matrix = checkpoint.matrix(ref);
    EmbeddingTable table = new EmbeddingTable(matrix, 1);
    double[][] rows = new double[matrix.rows()][matrix.columns()];
    float[] row = new float[matrix.columns()];
    for (int r = 0; r < rows.length; r++) {
      table.read(r, row, 0);
      for (int i = 0; i < row.length; i++) {
        rows[r][i] = row[i];
      }
    }
    return rows;
  }

  float[] vector(TensorRef ref) {
    return checkpoint.vector(ref);
  }

  double[][] linear(Linear map, double[][] x) {
    double[][] y = multiply(x, matrix(map.weight()));
    if (map.bias().isPresent()) {
      float[] bias = vector(map.bias().get());
      for (double[] row : y) {
        for (int i = 0; i < row.length; i++) {
          row[i] += bias[i];
        }
      }
    }
    return y;
  }

  double[][] multiply(double[][] x, double[][] w) {
    double[][] y = new double[x.length][w.length];
    for (int t = 0; t < x.length; t++) {
      for (int n = 0; n < w.length; n++) {
        for (int k = 0; k < w[n].length; k++) {
          y[t][n] += x[t][k] * w[n][k];
        }
      }
    }
    return y;
  }

  double[][] norm(NormSpec spec, double[][] x) {
    float[] weight = vector(spec.weight());
    float[] bias = spec.bias().map(this::vector).orElse(new float[weight.length]);
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      y[t] = norm(spec, weight, bias, x[t]);
    }
    return y;
  }

  double[] norm(NormSpec spec, float[] weight, float[] bias, double[] row) {
    double mean = 0;
    if (spec.kind() == NormSpec.Kind.LAYER) {
      mean = Arrays.stream(row).average().orElseThrow();
    }
    double squares = 0;
    for (double value : row) {
      squares += (value - mean) * (value - mean);
    }
    double scale = 1 / Math.sqrt(squares / row.length + spec.eps());
    double[] y = new double[row.length];
    for (int i = 0; i < row.length; i++) {
      double w = spec.kind() == NormSpec.Kind.RMS_OFFSET ? 1.0 + weight[i] : weight[i];
      y[i] = (row[i] - mean) * scale * w + bias[i];
    }
    return y;
  }
}
