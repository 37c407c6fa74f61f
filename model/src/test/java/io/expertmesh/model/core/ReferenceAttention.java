package io.expertmesh.model.core;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** Attention as the formulas state it, over whole sequences. */
final class ReferenceAttention {
  private final ReferenceWeights weights;

  ReferenceAttention(ReferenceWeights weights) {
    this.weights = weights;
  }

  double[][] apply(AttentionSpec spec, double[][] x) {
    double[][] q = weights.linear(spec.query(), x);
    double[][] k = weights.linear(spec.key(), x);
    double[][] v = weights.linear(spec.value(), x);
    int dim = spec.headDim();
    if (spec.queryKeyNorm().isPresent()) {
      QueryKeyNorm norm = spec.queryKeyNorm().get();
      boolean all = norm.scope() == QueryKeyNorm.Scope.ALL_HEADS;
      q = weights.norm(norm.query(), q, all ? q[0].length : dim);
      k = weights.norm(norm.key(), k, all ? k[0].length : dim);
    }
    if (spec.clip().isPresent()) {
      for (double[][] projected : new double[][][] {q, k, v}) {
        clip(projected, spec.clip().getAsDouble());
      }
    }
    if (spec.position() instanceof RopeSpec rope) {
      for (int head = 0; head < spec.heads(); head++) {
        rotate(q, head * dim, rope);
      }
      for (int head = 0; head < spec.kvHeads(); head++) {
        rotate(k, head * dim, rope);
      }
    }
    Optional<float[]> sinks = spec.sinks().map(weights::vector);
    double[][] mixed = new double[x.length][spec.heads() * dim];
    for (int h = 0; h < spec.heads(); h++) {
      int kv = h / (spec.heads() / spec.kvHeads());
      boolean alibi = spec.position() instanceof PositionSpec.Alibi;
      double slope = alibi ? slope(h, spec.heads()) : 0;
      OptionalDouble sink =
          sinks.isPresent() ? OptionalDouble.of(sinks.get()[h]) : OptionalDouble.empty();
      Head head = new Head(spec.scale(), spec.softCap(), spec.window(), sink, slope, dim, dim);
      mix(head, q, h * dim, k, kv * dim, v, kv * dim, mixed, h * dim);
    }
    return weights.linear(spec.output(), mixed);
  }

  double[][] apply(LatentAttentionSpec spec, double[][] x) {
    double[][] compressedQuery =
        spec.queryDown()
            .map(
                down -> {
                  double[][] rows = weights.linear(down.down(), x);
                  return weights.norm(down.norm(), rows, rows[0].length);
                })
            .orElse(x);
    int rotated = spec.rope().dims();
    int keyDim = spec.plainDim() + rotated;
    double[][] q = weights.linear(spec.query(), compressedQuery);
    double[][] compressed = weights.linear(spec.compress(), x);
    double[][] latent = part(compressed, 0, spec.rank());
    double[][] shared = part(compressed, spec.rank(), rotated);
    double[][] expanded =
        weights.linear(spec.expand(), weights.norm(spec.compressedNorm(), latent, spec.rank()));
    rotate(shared, 0, spec.rope());
    int perHead = spec.plainDim() + spec.valueDim();
    double[][] mixed = new double[x.length][spec.heads() * spec.valueDim()];
    for (int h = 0; h < spec.heads(); h++) {
      rotate(q, h * keyDim + spec.plainDim(), spec.rope());
      double[][] k = new double[x.length][keyDim];
      for (int t = 0; t < x.length; t++) {
        System.arraycopy(expanded[t], h * perHead, k[t], 0, spec.plainDim());
        System.arraycopy(shared[t], 0, k[t], spec.plainDim(), rotated);
      }
      Head head =
          new Head(
              spec.scale(),
              OptionalDouble.empty(),
              OptionalInt.empty(),
              OptionalDouble.empty(),
              0,
              keyDim,
              spec.valueDim());
      int value = h * perHead + spec.plainDim();
      mix(head, q, h * keyDim, k, 0, expanded, value, mixed, h * spec.valueDim());
    }
    return weights.linear(spec.output(), mixed);
  }

  /** What the scores of one head depend on. */
  private record Head(
      double scale,
      OptionalDouble softCap,
      OptionalInt window,
      OptionalDouble sink,
      double slope,
      int keyDim,
      int valueDim) {}

  private static void mix(
      Head head,
      double[][] q,
      int qAt,
      double[][] k,
      int kAt,
      double[][] v,
      int vAt,
      double[][] out,
      int outAt) {
    for (int t = 0; t < q.length; t++) {
      int first = head.window().isPresent() ? Math.max(0, t - head.window().getAsInt() + 1) : 0;
      int seen = t - first + 1;
      double[] scores = new double[seen + (head.sink().isPresent() ? 1 : 0)];
      for (int p = first; p <= t; p++) {
        double score = 0;
        for (int i = 0; i < head.keyDim(); i++) {
          score += q[t][qAt + i] * k[p][kAt + i];
        }
        score *= head.scale();
        if (head.softCap().isPresent()) {
          score = head.softCap().getAsDouble() * Math.tanh(score / head.softCap().getAsDouble());
        }
        scores[p - first] = score + head.slope() * p;
      }
      head.sink().ifPresent(sink -> scores[seen] = sink);
      ForwardReference.softmax(scores);
      for (int p = first; p <= t; p++) {
        for (int i = 0; i < head.valueDim(); i++) {
          out[t][outAt + i] += scores[p - first] * v[p][vAt + i];
        }
      }
    }
  }

  /** Turns the dimensions {@code from} to {@code from + dims} of every row by its index. */
  private static void rotate(double[][] rows, int from, RopeSpec rope) {
    RopeFrequencies frequencies = RopeFrequencies.of(rope, rows.length);
    for (int t = 0; t < rows.length; t++) {
      for (int i = 0; i < frequencies.count(); i++) {
        int first = from + (rope.interleaved() ? 2 * i : i);
        int second = rope.interleaved() ? first + 1 : first + frequencies.count();
        double cos = Math.cos(t * frequencies.inverse(i)) * frequencies.magnitude();
        double sin = Math.sin(t * frequencies.inverse(i)) * frequencies.magnitude();
        double a = rows[t][first];
        double b = rows[t][second];
        rows[t][first] = a * cos - b * sin;
        rows[t][second] = b * cos + a * sin;
      }
    }
  }

  private static double slope(int head, int heads) {
    int power = Integer.highestOneBit(heads);
    return head < power
        ? Math.pow(2, -8.0 * (head + 1) / power)
        : Math.pow(2, -4.0 * (2 * (head - power) + 1) / power);
  }

  private static void clip(double[][] rows, double limit) {
    for (double[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] = Math.clamp(row[i], -limit, limit);
      }
    }
  }

  private static double[][] part(double[][] rows, int from, int count) {
    double[][] part = new double[rows.length][count];
    for (int t = 0; t < rows.length; t++) {
      System.arraycopy(rows[t], from, part[t], 0, count);
    }
    return part;
  }
}
