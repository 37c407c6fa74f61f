package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The forward pass as the formulas state it, in double precision and without a cache: slow, and
 * independent of every kernel. Weights are the stored values, widened. With bf16 activations the
 * input of every matrix product, every expert's output and every combined row is rounded to bf16,
 * as on the wire; the rest stays exact.
 */
final class ForwardReference {
  private final ModelSpec spec;
  private final ReferenceWeights weights;
  private final ReferenceAttention attention;

  ForwardReference(Checkpoint checkpoint, DType activations) {
    spec = checkpoint.spec();
    weights = new ReferenceWeights(checkpoint, activations);
    attention = new ReferenceAttention(weights);
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
    double[][] embedding = weights.matrix(spec.embedding().table());
    double[][] x = new double[ids.length][];
    for (int t = 0; t < ids.length; t++) {
      x[t] = embedding[Math.toIntExact(ids[t])].clone();
      scale(x[t], spec.embedding().scale());
    }
    List<double[][]> gateLogits = new ArrayList<>();
    for (LayerSpec layer : spec.layers()) {
      double[][] input = norm(layer.temporalNorm(), x);
      double[][] mixed =
          switch (layer.temporalMixer()) {
            case AttentionSpec plain -> attention.apply(plain, input);
            case LatentAttentionSpec latent -> attention.apply(latent, input);
          };
      add(x, mixed, layer.temporalPostNorm(), layer);
      if (layer.channelNorm().isPresent()) {
        input = norm(layer.channelNorm().get(), x);
      }
      double[][] channels =
          switch (layer.channelMixer()) {
            case DenseFfn dense -> feedForward(dense, input);
            case RoutedFfn routed -> routed(routed, input, gateLogits);
          };
      add(x, channels, layer.channelPostNorm(), layer);
    }
    double[][] logits = weights.linear(spec.head().linear(), norm(spec.finalNorm(), x));
    for (double[] row : logits) {
      scale(row, spec.head().scale());
      for (int i = 0; i < row.length && spec.head().softCap().isPresent(); i++) {
        double cap = spec.head().softCap().getAsDouble();
        row[i] = cap * Math.tanh(row[i] / cap);
      }
    }
    return new Output(logits, gateLogits);
  }

  private void add(double[][] x, double[][] y, Optional<NormSpec> post, LayerSpec layer) {
    addTo(x, post.isPresent() ? norm(post.get(), y) : y, layer.residualScale());
  }

  private double[][] norm(NormSpec norm, double[][] x) {
    return weights.norm(norm, x, spec.hiddenSize());
  }

  private double[][] feedForward(DenseFfn ffn, double[][] x) {
    double[][] up = weights.linear(ffn.up(), x);
    double[][] gate = ffn.gate().isPresent() ? weights.linear(ffn.gate().get(), x) : up;
    double[][] inner = new double[x.length][ffn.inner()];
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < ffn.inner(); i++) {
        double g = gate[t][i];
        double u = ffn.gate().isPresent() ? up[t][i] : 1;
        inner[t][i] = ReferenceActivations.apply(ffn.activation(), g, u);
      }
    }
    return weights.linear(ffn.down(), inner);
  }

  private double[][] routed(RoutedFfn routed, double[][] x, List<double[][]> gateLogits) {
    double[][] logits = weights.linear(routed.gate().projection().orElseThrow(), x);
    gateLogits.add(logits);
    float[] table = routed.gate().table().map(weights::vector).orElse(new float[0]);
    double[][] y = new double[x.length][spec.hiddenSize()];
    for (int t = 0; t < x.length; t++) {
      double[] assigned = ReferenceGates.weights(routed.gate().policy(), logits[t], table);
      for (int e = 0; e < assigned.length; e++) {
        if (assigned[e] > 0) {
          double[] row = feedForward(routed.experts().get(e), new double[][] {x[t]})[0];
          addTo(y[t], weights.rounded(row), assigned[e]);
        }
      }
      y[t] = weights.rounded(y[t]);
    }
    routed.shared().ifPresent(shared -> addTo(y, shared(shared, x), 1));
    return y;
  }

  private double[][] shared(RoutedFfn.SharedExpert shared, double[][] x) {
    double[][] y = feedForward(shared.network(), x);
    if (shared.gate().isPresent()) {
      double[][] gate = weights.multiply(x, weights.matrix(shared.gate().get()));
      for (int t = 0; t < x.length; t++) {
        scale(y[t], 1 / (1 + Math.exp(-gate[t][0])));
      }
    }
    return y;
  }

  private static void addTo(double[][] x, double[][] y, double factor) {
    for (int t = 0; t < x.length; t++) {
      addTo(x[t], y[t], factor);
    }
  }

  private static void addTo(double[] x, double[] y, double factor) {
    for (int i = 0; i < x.length; i++) {
      x[i] += factor * y[i];
    }
  }

  private static void scale(double[] row, double factor) {
    for (int i = 0; i < row.length; i++) {
      row[i] *= factor;
    }
  }

  static void softmax(double[] x) {
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
}
