package io.expertmesh.router.core.gating;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.core.SecondChoice;
import io.expertmesh.model.kernel.Kernels;

/**
 * Softmax over all experts; the two most probable, divided by the sum of both. All first choices
 * take places before the second ones do, each in the order of tokens; weights are not divided again
 * after drops.
 *
 * <p>Source: Lepikhin et al., GShard, 2020, algorithm 1; the policies for second choices are those
 * of Mesh TensorFlow.
 */
public final class GShardTop2 extends GroupPolicy {
  private static final int NO_EXPERT = -1;

  private final GatingSpec.GShardTop2 rule;
  private final Choices choices = new Choices(2);
  private final Seats seats;
  private final int[] best = new int[2];

  /** Takes two of {@code experts}. */
  public GShardTop2(GatingSpec.GShardTop2 rule, int experts, Kernels kernels) {
    super(rule, experts, kernels);
    GatingPolicy.requireK(2, experts);
    this.rule = rule;
    this.seats = new Seats(experts);
  }

  @Override
  void choose(float[] logits, int tokens) {
    choices.begin(tokens);
    seats.begin(rule.capacity().of(tokens, experts));
    for (int token = 0; token < tokens; token++) {
      int offset = offset(token);
      float draw = draw(logits, offset);
      kernels.softmax(logits, offset, experts);
      kernels.topK(logits, offset, experts, 2, best, 0);
      float p1 = logits[offset + best[0]];
      float p2 = logits[offset + best[1]];
      float g2 = p2 / (p1 + p2);
      choices.set(token, 0, best[0], p1 / (p1 + p2));
      choices.seat(token, 0, seats);
      choices.set(token, 1, best[1], g2);
      if (!keeps(g2, draw)) {
        choices.drop(token, 1);
      }
    }
    for (int token = 0; token < tokens; token++) {
      if (choices.kept(token, 1)) {
        choices.seat(token, 1, seats);
      } else {
        if (rejectedTakeSlots()) {
          choices.seat(token, 1, seats);
        }
        // the policy did not want it: it is not a dropped token
        choices.set(token, 1, NO_EXPERT, 0);
      }
    }
  }

  private float draw(float[] logits, int offset) {
    return rule.second() instanceof SecondChoice.Random random
        ? RowDraw.uniform(random.seed(), logits, offset, experts)
        : 0;
  }

  private boolean keeps(float g2, float draw) {
    return switch (rule.second()) {
      case SecondChoice.All _ -> true;
      case SecondChoice.None _ -> false;
      case SecondChoice.Threshold(double threshold) -> g2 > threshold;
      case SecondChoice.Random random -> g2 > random.threshold() * draw;
    };
  }

  private boolean rejectedTakeSlots() {
    return rule.second() instanceof SecondChoice.Random random && random.rejectedTakeSlots();
  }

  @Override
  void emit(int token, Assignments out) {
    choices.emit(token, out);
  }
}
