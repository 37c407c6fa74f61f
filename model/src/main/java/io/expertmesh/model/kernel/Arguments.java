package io.expertmesh.model.kernel;

import java.util.Objects;

/** Checks that every provider makes before it touches memory. */
final class Arguments {
  private Arguments() {}

  /** Rounded activations are F32 or BF16. */
  static void activations(DType activations) {
    if (activations == DType.F16) {
      throw new IllegalArgumentException("activations are F32 or BF16, not F16");
    }
  }

  /** The rows of a product lie within their arrays. */
  static void matmul(PackedMatrix w, float[] x, int xOffset, int rows, float[] y, int yOffset) {
    if (rows < 0) {
      throw new IllegalArgumentException("matmul of " + rows + " rows");
    }
    Objects.checkFromIndexSize(xOffset, Math.multiplyExact(rows, w.columns()), x.length);
    Objects.checkFromIndexSize(yOffset, Math.multiplyExact(rows, w.rows()), y.length);
  }

  /** A window of keys, the heads of its queries and the scratch memory fit together. */
  static void attend(
      KvLayout layout,
      int[] pages,
      int firstKey,
      int keys,
      int queryHeads,
      ScoreRule rule,
      float[] scratch) {
    if (queryHeads <= 0 || queryHeads % layout.kvHeads() != 0) {
      throw new IllegalArgumentException(
          queryHeads + " query heads do not divide among " + layout.kvHeads() + " KV heads");
    }
    if (firstKey < 0 || firstKey >= keys) {
      throw new IllegalArgumentException("attention to keys " + firstKey + " to " + (keys - 1));
    }
    perHead("slopes", rule.slopes(), queryHeads);
    perHead("sinks", rule.sinks(), queryHeads);
    paged(pages, keys, scratch);
  }

  /** The same for compressed rows, which all query heads read. */
  static void attendLatent(int[] pages, int keys, int queryHeads, float[] scratch) {
    if (queryHeads <= 0 || keys <= 0) {
      throw new IllegalArgumentException(
          "latent attention of " + queryHeads + " heads to " + keys + " keys");
    }
    paged(pages, keys, scratch);
  }

  private static void perHead(String what, float[] values, int queryHeads) {
    if (values.length > 0 && values.length < queryHeads) {
      throw new IllegalArgumentException(
          values.length + " " + what + " for " + queryHeads + " query heads");
    }
  }

  private static void paged(int[] pages, int keys, float[] scratch) {
    if ((keys - 1) / KvLayout.PAGE_TOKENS >= pages.length) {
      throw new IllegalArgumentException(keys + " keys do not fit " + pages.length + " pages");
    }
    if (scratch.length < keys + 2 * KvLayout.PAGE_TOKENS) {
      throw new IllegalArgumentException(
          "attention to " + keys + " keys with a scratch of " + scratch.length + " floats");
    }
  }

  /** {@code n} values from an offset lie within an array. */
  static void range(float[] x, int offset, int n) {
    Objects.checkFromIndexSize(offset, n, x.length);
  }

  /** At most all of n values are asked for. */
  static void topK(float[] x, int offset, int n, int k, int[] indices, int indicesOffset) {
    if (k < 0 || k > n) {
      throw new IllegalArgumentException("the " + k + " largest of " + n + " values");
    }
    Objects.checkFromIndexSize(offset, n, x.length);
    Objects.checkFromIndexSize(indicesOffset, k, indices.length);
  }
}
