package io.expertmesh.router.core.gating;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;

/**
 * Softmax over all experts; the most probable one, weighted by its probability. Tokens take places
 * in their order; those that come too late are dropped.
 *
 * <p>Source: Fedus et al., Switch Transformers, 2021.
 */
public final class SwitchTop1 extends GroupPolicy {
  private final GatingSpec.SwitchTop1 rule;
  private final Choices choices = new Choices(1);
  private final Seats seats;
  private final int[] best = new int[1];

  /** Takes one of {@code experts}. */
  public SwitchTop1(GatingSpec.SwitchTop1 rule, int experts, Kernels kernels) {
    super(rule, experts, kernels);
    this.rule = rule;
    this.seats = new Seats(experts);
  }

  @Override
  void choose(float[] logits, int tokens) {
    choices.begin(tokens);
    seats.begin(rule.capacity().of(tokens, experts));
    for (int token = 0; token < tokens; token++) {
      int offset = offset(token);
      kernels.softmax(logits, offset, experts);
      kernels.topK(logits, offset, experts, 1, best, 0);
      choices.set(token, 0, best[0], logits[offset + best[0]]);
      choices.seat(token, 0, seats);
    }
  }

  @Override
  void emit(int token, Assignments out) {
    choices.emit(token, out);
  }
}
