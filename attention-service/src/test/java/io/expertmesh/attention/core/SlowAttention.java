package io.expertmesh.attention.core;

import io.expertmesh.model.core.AttentionSpec;
import io.expertmesh.model.core.LatentAttentionSpec;
import io.expertmesh.model.core.NormSpec;
import io.expertmesh.model.core.PositionSpec;
import io.expertmesh.model.core.QueryKeyNorm;
import io.expertmesh.model.core.RopeFrequencies;
import io.expertmesh.model.core.RopeSpec;
import java.util.Arrays;

/** Attention over a whole prompt, as the formulas state it; latent keys and values are expanded. */
final class SlowAttention {
  private final SlowTensors tensors;

  SlowAttention(SlowTensors tensors) {
    this.tensors = tensors;
  }

  double[][] mix(AttentionSpec spec, double[][] x) {
    int dim = spec.headDim();
    double[][] q = tensors.linear(spec.query(), x);
    double[][] k = tensors.linear(spec.key(), x);
    double[][] v = tensors.linear(spec.value(), x);
    for (int t = 0; t < x.length; t++) {
      if (spec.queryKeyNorm().isPresent()) {
        QueryKeyNorm norms = spec.queryKeyNorm().get();
        normHeads(norms.scope(), norms.query(), q[t], dim);
        normHeads(norms.scope(), norms.key(), k[t], dim);
      }
      if (spec.clip().isPresent()) {
        double limit = spec.clip().getAsDouble();
        for (double[] row : new double[][] {q[t], k[t], v[t]}) {
          for (int i = 0; i < row.length; i++) {
            row[i] = Math.clamp(row[i], -limit, limit);
          }
        }
      }
      if (spec.position() instanceof RopeSpec rope) {
        for (int h = 0; h < spec.heads(); h++) {
          rotate(rope, q[t], h * dim, t, x.length);
        }
        for (int h = 0; h < spec.kvHeads(); h++) {
          rotate(rope, k[t], h * dim, t, x.length);
        }
      }
    }
    float[] sinks = spec.sinks().map(tensors::vector).orElse(new float[0]);
    double[][] out = new double[x.length][spec.heads() * dim];
    for (int h = 0; h < spec.heads(); h++) {
      int kv = h / (spec.heads() / spec.kvHeads()) * dim;
      for (int t = 0; t < x.length; t++) {
        int first = Math.max(0, t + 1 - spec.window().orElse(Integer.MAX_VALUE));
        double[] scores = new double[t + 1 - first];
        for (int p = first; p <= t; p++) {
          scores[p - first] = dot(q[t], h * dim, k[p], kv, dim) * spec.scale();
        }
        spec.softCap().ifPresent(cap -> cap(scores, cap));
        if (spec.position() instanceof PositionSpec.Alibi) {
          for (int p = first; p <= t; p++) {
            scores[p - first] += slope(h, spec.heads()) * p;
          }
        }
        // a sink is one more score whose weight goes nowhere
        double[] all = Arrays.copyOf(scores, scores.length + (sinks.length > 0 ? 1 : 0));
        if (sinks.length > 0) {
          all[scores.length] = sinks[h];
        }
        if (spec.position() instanceof PositionSpec.Alibi && sinks.length > 0) {
          throw new IllegalArgumentException("the reference shifts its slopes, sinks do not");
        }
        double[] weights = softmax(all);
        for (int p = first; p <= t; p++) {
          for (int i = 0; i < dim; i++) {
            out[t][h * dim + i] += weights[p - first] * v[p][kv + i];
          }
        }
      }
    }
    return tensors.linear(spec.output(), out);
  }

  double[][] mix(LatentAttentionSpec spec, double[][] x) {
    double[][] from =
        spec.queryDown().map(q -> tensors.norm(q.norm(), tensors.linear(q.down(), x))).orElse(x);
    double[][] q = tensors.linear(spec.query(), from);
    double[][] compressed = tensors.linear(spec.compress(), x);
    double[][] latent = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      latent[t] = Arrays.copyOf(compressed[t], spec.rank());
    }
    double[][] expanded =
        tensors.linear(spec.expand(), tensors.norm(spec.compressedNorm(), latent));
    int plain = spec.plainDim();
    int turned = spec.rope().dims();
    int wide = plain + spec.valueDim();
    for (int t = 0; t < x.length; t++) {
      rotate(spec.rope(), compressed[t], spec.rank(), t, x.length);
      for (int h = 0; h < spec.heads(); h++) {
        rotate(spec.rope(), q[t], h * (plain + turned) + plain, t, x.length);
      }
    }
    double[][] out = new double[x.length][spec.heads() * spec.valueDim()];
    for (int h = 0; h < spec.heads(); h++) {
      int head = h * (plain + turned);
      for (int t = 0; t < x.length; t++) {
        double[] scores = new double[t + 1];
        for (int p = 0; p <= t; p++) {
          scores[p] =
              spec.scale()
                  * (dot(q[t], head, expanded[p], h * wide, plain)
                      + dot(q[t], head + plain, compressed[p], spec.rank(), turned));
        }
        double[] weights = softmax(scores);
        for (int p = 0; p <= t; p++) {
          for (int i = 0; i < spec.valueDim(); i++) {
            out[t][h * spec.valueDim() + i] += weights[p] * expanded[p][h * wide + plain + i];
          }
        }
      }
    }
    return tensors.linear(spec.output(), out);
  }

  private void normHeads(QueryKeyNorm.Scope scope, NormSpec spec, double[] row, int dim) {
    int width = scope == QueryKeyNorm.Scope.ALL_HEADS ? row.length : dim;
    float[] weight = tensors.vector(spec.weight());
    float[] bias = spec.bias().map(tensors::vector).orElse(new float[weight.length]);
    for (int at = 0; at < row.length; at += width) {
      int from = scope == QueryKeyNorm.Scope.EACH_HEAD ? at : 0;
      double[] normed =
          tensors.norm(
              spec,
              Arrays.copyOfRange(weight, from, from + width),
              Arrays.copyOfRange(bias, from, from + width),
              Arrays.copyOfRange(row, at, at + width));
      System.arraycopy(normed, 0, row, at, width);
    }
  }

  private static void rotate(RopeSpec rope, double[] row, int at, int position, int length) {
    RopeFrequencies frequencies = RopeFrequencies.of(rope, length);
    int half = rope.dims() / 2;
    for (int i = 0; i < half; i++) {
      int a = at + (rope.interleaved() ? 2 * i : i);
      int b = rope.interleaved() ? a + 1 : a + half;
      double cos = Math.cos(position * frequencies.inverse(i)) * frequencies.magnitude();
      double sin = Math.sin(position * frequencies.inverse(i)) * frequencies.magnitude();
      double x = row[a];
      double y = row[b];
      row[a] = x * cos - y * sin;
      row[b] = y * cos + x * sin;
    }
  }

  /** For 8 heads 2^-1 to 2^-8; for 6 those of 4, then the first and third of 8. */
  private static double slope(int head, int heads) {
    return switch (heads) {
      case 8 -> Math.pow(2, -(head + 1));
      case 6 -> new double[] {0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125}[head];
      default -> throw new IllegalArgumentException("slopes of " + heads + " heads");
    };
  }

  private static double dot(double[] a, int aOffset, double[] b, int bOffset, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += a[aOffset + i] * b[bOffset + i];
    }
    return sum;
  }

  static void cap(double[] row, double cap) {
    for (int i = 0; i < row.length; i++) {
      row[i] = cap * Math.tanh(row[i] / cap);
    }
  }

  static double[] softmax(double[] x) {
    double max = Arrays.stream(x).max().orElseThrow();
    double[] p = Arrays.stream(x).map(v -> Math.exp(v - max)).toArray();
    double sum = Arrays.stream(p).sum();
    return Arrays.stream(p).map(v -> v / sum).toArray();
  }
}
