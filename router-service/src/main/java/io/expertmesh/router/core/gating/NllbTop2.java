package io.expertmesh.router.core.gating;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;

/**
 * The most probable expert, and the one with the largest logit among the others. All first choices
 * take places before the second ones do. By default weights are divided by the sum of those that
 * were not dropped, so that a token left with one expert has weight 1 on it.
 *
 * <p>Source: NLLB team, No Language Left Behind, 2022, as in transformers 4.
 */
public final class NllbTop2 extends GroupPolicy {
  private static final int NO_EXPERT = -1;

  /** Distance from 1 to the next fp32 number: the least divisor. */
  private static final float EPSILON = Math.ulp(1f);

  private final GatingSpec.NllbTop2 rule;
  private final Choices choices = new Choices(2);
  private final Seats seats;
  private final float[] probabilities;
  private final int[] best = new int[2];
  private float[] priorities = new float[0];
  private int[] order = new int[0];

  /** Takes two of {@code experts}. */
  public NllbTop2(GatingSpec.NllbTop2 rule, int experts, Kernels kernels) {
    super(rule, experts, kernels);
    GatingPolicy.requireK(2, experts);
    this.rule = rule;
    this.seats = new Seats(experts);
    this.probabilities = new float[experts];
  }

  @Override
  void choose(float[] logits, int tokens) {
    choices.begin(tokens);
    if (order.length < tokens) {
      order = new int[Math.max(tokens, 2 * order.length)];
      priorities = new float[order.length];
    }
    for (int token = 0; token < tokens; token++) {
      order[token] = token;
      chooseTwo(logits, offset(token), token);
    }
    if (rule.batchPrioritized()) {
      kernels.topK(priorities, 0, tokens, tokens, order, 0);
    }
    seats.begin(rule.capacity().of(tokens, experts));
    for (int slot = 0; slot < 2; slot++) {
      for (int i = 0; i < tokens; i++) {
        choices.seat(order[i], slot, seats);
      }
    }
    for (int token = 0; token < tokens; token++) {
      finish(token);
    }
  }

  private void chooseTwo(float[] logits, int offset, int token) {
    System.arraycopy(logits, offset, probabilities, 0, experts);
    kernels.softmax(probabilities, 0, experts);
    kernels.topK(probabilities, 0, experts, 1, best, 0);
    int first = best[0];
    kernels.topK(logits, offset, experts, 2, best, 0);
    int second = best[0] == first ? best[1] : best[0];
    float p1 = probabilities[first];
    float p2 = probabilities[second];
    priorities[token] = p1;
    boolean keepsSecond = true;
    float w2 = p2;
    if (rule.normalizeBeforeDropping()) {
      float sum = Math.max(p1 + p2, EPSILON);
      p1 /= sum;
      w2 /= sum;
    }
    if (rule.randomSeed().isPresent()) {
      // the reference's random policy returns to the probability, normalised or not
      w2 = p2;
      keepsSecond = 2 * p2 > RowDraw.uniform(rule.randomSeed().get(), logits, offset, experts);
    }
    choices.set(token, 0, first, p1);
    choices.set(token, 1, keepsSecond ? second : NO_EXPERT, w2);
  }

  /** Dropped choices are told with the weight that they would have had beside the other one. */
  private void finish(int token) {
    float keptSum = 1;
    float wholeSum = 1;
    if (!rule.normalizeBeforeDropping()) {
      float first = choices.weight(token, 0);
      float second = choices.expert(token, 1) == NO_EXPERT ? 0 : choices.weight(token, 1);
      wholeSum = Math.max(first + second, EPSILON);
      keptSum =
          Math.max(
              (choices.kept(token, 0) ? first : 0) + (choices.kept(token, 1) ? second : 0),
              EPSILON);
    }
    for (int slot = 0; slot < 2; slot++) {
      float divisor = choices.kept(token, slot) ? keptSum : wholeSum;
      choices.weight(token, slot, choices.weight(token, slot) / divisor * rule.scale());
    }
  }

  @Override
  void emit(int token, Assignments out) {
    choices.emit(token, out);
  }
}
