package io.expertmesh.router.core.gating;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;

/**
 * Softmax over all experts; the k most probable, optionally divided by their p-norm. With a
 * capacity, an expert's tokens beyond it are dropped, in order of tokens.
 *
 * <p>Source: Gale et al., MegaBlocks, 2022; without a capacity it is the dropless form.
 */
public final class MegaBlocksTopK extends GroupPolicy {
  private final GatingSpec.MegaBlocksTopK rule;
  private final Choices choices;
  private final Seats seats;
  private final int[] best;

  /** Takes k of {@code experts}. */
  public MegaBlocksTopK(GatingSpec.MegaBlocksTopK rule, int experts, Kernels kernels) {
    super(rule, experts, kernels);
    this.rule = rule;
    this.best = new int[GatingPolicy.requireK(rule.k(), experts)];
    this.choices = new Choices(rule.k());
    this.seats = new Seats(experts);
  }

  @Override
  void choose(float[] logits, int tokens) {
    choices.begin(tokens);
    seats.begin(rule.capacity().of(tokens, experts));
    for (int token = 0; token < tokens; token++) {
      int offset = offset(token);
      kernels.softmax(logits, offset, experts);
      kernels.topK(logits, offset, experts, best.length, best, 0);
      float norm = norm(logits, offset);
      for (int slot = 0; slot < best.length; slot++) {
        choices.set(token, slot, best[slot], logits[offset + best[slot]] / norm);
        choices.seat(token, slot, seats);
      }
    }
  }

  private float norm(float[] p, int offset) {
    if (rule.norm().isEmpty()) {
      return 1;
    }
    double power = rule.norm().getAsDouble();
    double sum = 0;
    for (int expert : best) {
      double value = p[offset + expert];
      sum += power == 1 ? value : power == 2 ? value * value : StrictMath.pow(value, power);
    }
    return (float)
        (power == 1 ? sum : power == 2 ? Math.sqrt(sum) : StrictMath.pow(sum, 1 / power));
  }

  @Override
  void emit(int token, Assignments out) {
    choices.emit(token, out);
  }
}
