package io.expertmesh.router.core.gating;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;

/**
 * A rule that looks at the rows of a group together. Rows that are not finite are left out before
 * the rule sees them: it numbers the others, its tokens, from 0.
 */
abstract sealed class GroupPolicy implements GatingPolicy
    permits MegaBlocksTopK, SwitchTop1, GShardTop2, NllbTop2, ExpertChoice, TopologyTop2 {
  private final boolean batchInvariant;
  final int experts;
  final Kernels kernels;
  private int[] rows = new int[16];

  GroupPolicy(GatingSpec rule, int experts, Kernels kernels) {
    this.batchInvariant = rule.batchInvariant();
    this.experts = experts;
    this.kernels = kernels;
  }

  @Override
  public final boolean batchInvariant() {
    return batchInvariant;
  }

  @Override
  public final void assign(float[] logits, int[] tokenIds, int from, int to, Assignments out) {
    int tokens = collect(logits, from, to);
    choose(logits, tokens);
    emit(from, to, tokens, out);
  }

  /** Lists the finite rows; returns how many there are. */
  final int collect(float[] logits, int from, int to) {
    if (rows.length < to - from) {
      rows = new int[Math.max(to - from, 2 * rows.length)];
    }
    int tokens = 0;
    for (int row = from; row < to; row++) {
      if (kernels.allFinite(logits, row * experts, experts)) {
        rows[tokens++] = row;
      }
    }
    return tokens;
  }

  final void emit(int from, int to, int tokens, Assignments out) {
    int token = 0;
    for (int row = from; row < to; row++) {
      if (token < tokens && rows[token] == row) {
        emit(token++, out);
        out.endRow();
      } else {
        out.endNonFiniteRow();
      }
    }
  }

  /** First logit of a token. */
  final int offset(int token) {
    return rows[token] * experts;
  }

  /** Chooses for the whole group; may overwrite the logits of its tokens. */
  abstract void choose(float[] logits, int tokens);

  /** Adds the pairs of a token, kept and dropped, in ascending order of experts. */
  abstract void emit(int token, Assignments out);
}
