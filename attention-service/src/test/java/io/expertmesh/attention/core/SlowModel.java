package io.expertmesh.attention.core;

import io.expertmesh.model.core.AttentionSpec;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.DenseFfn;
import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.core.LatentAttentionSpec;
import io.expertmesh.model.core.LayerSpec;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.RoutedFfn;
import java.util.Arrays;

/**
 * A model as its spec states it, in double precision, whole prompts only, without pages, kernels or
 * services: slow, and obviously right.
 */
final class SlowModel {
  private final ModelSpec spec;
  private final SlowTensors tensors;
  private final SlowAttention attention;

  SlowModel(Checkpoint checkpoint) {
    spec = checkpoint.spec();
    tensors = new SlowTensors(checkpoint);
    attention = new SlowAttention(tensors);
  }

  /** Logits {@code [tokens][vocab]} of a prompt. */
  double[][] logits(int[] ids) {
    double[][] table = tensors.matrix(spec.embedding().table());
    double[][] x = new double[ids.length][];
    for (int t = 0; t < ids.length; t++) {
      x[t] = scaled(table[ids[t]].clone(), spec.embedding().scale());
    }
    for (LayerSpec layer : spec.layers()) {
      double[][] first = tensors.norm(layer.temporalNorm(), x);
      double[][] mixed =
          switch (layer.temporalMixer()) {
            case AttentionSpec a -> attention.mix(a, first);
            case LatentAttentionSpec a -> attention.mix(a, first);
          };
      layer.temporalPostNorm().ifPresent(norm -> overwrite(mixed, tensors.norm(norm, mixed)));
      add(x, mixed, layer.residualScale());
      double[][] second =
          layer.parallel() ? first : tensors.norm(layer.channelNorm().orElseThrow(), x);
      double[][] channels =
          switch (layer.channelMixer()) {
            case DenseFfn ffn -> feedForward(ffn, second);
            case RoutedFfn routed -> routed(routed, second);
          };
      layer.channelPostNorm().ifPresent(n -> overwrite(channels, tensors.norm(n, channels)));
      add(x, channels, layer.residualScale());
    }
    double[][] logits = tensors.linear(spec.head().linear(), tensors.norm(spec.finalNorm(), x));
    for (double[] row : logits) {
      scaled(row, spec.head().scale());
      spec.head().softCap().ifPresent(cap -> SlowAttention.cap(row, cap));
    }
    return logits;
  }

  private double[][] feedForward(DenseFfn ffn, double[][] x) {
    double[][] up = tensors.linear(ffn.up(), x);
    double[][] gate = ffn.gate().map(g -> tensors.linear(g, x)).orElse(up);
    double[][] inner = new double[x.length][ffn.inner()];
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < ffn.inner(); i++) {
        double u = ffn.gate().isPresent() ? up[t][i] : 1;
        inner[t][i] = SlowActivation.apply(ffn.activation(), gate[t][i], u);
      }
    }
    return tensors.linear(ffn.down(), inner);
  }

  private double[][] routed(RoutedFfn routed, double[][] x) {
    GatingSpec.SoftmaxTopK policy = (GatingSpec.SoftmaxTopK) routed.gate().policy();
    double[][] scores = tensors.linear(routed.gate().projection().orElseThrow(), x);
    double[][] y = new double[x.length][x[0].length];
    for (int t = 0; t < x.length; t++) {
      double[] p = SlowAttention.softmax(scores[t]);
      double least = Arrays.stream(p).sorted().toArray()[p.length - policy.k()];
      double sum = Arrays.stream(p).filter(v -> v >= least).sum();
      for (int e = 0; e < p.length; e++) {
        if (p[e] >= least) {
          double weight = p[e] / (policy.normalized() ? sum : 1) * policy.scale();
          double[][] row = feedForward(routed.experts().get(e), new double[][] {x[t]});
          add(new double[][] {y[t]}, row, weight);
        }
      }
    }
    if (routed.shared().isPresent()) {
      double[][] shared = feedForward(routed.shared().get().network(), x);
      if (routed.shared().get().gate().isPresent()) {
        double[][] gate = tensors.multiply(x, tensors.matrix(routed.shared().get().gate().get()));
        for (int t = 0; t < x.length; t++) {
          scaled(shared[t], 1 / (1 + Math.exp(-gate[t][0])));
        }
      }
      add(y, shared, 1);
    }
    return y;
  }

  private static double[] scaled(double[] row, double factor) {
    for (int i = 0; i < row.length; i++) {
      row[i] *= factor;
    }
    return row;
  }

  private static void overwrite(double[][] x, double[][] y) {
    for (int t = 0; t < x.length; t++) {
      x[t] = y[t];
    }
  }

  private static void add(double[][] x, double[][] y, double factor) {
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < x[t].length; i++) {
        x[t][i] += factor * y[t][i];
      }
    }
  }
}
