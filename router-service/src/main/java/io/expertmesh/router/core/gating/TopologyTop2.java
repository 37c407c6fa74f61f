package io.expertmesh.router.core.gating;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.Kernels;

/**
 * Two experts a token, weighted by a softmax over their two logits, while few tokens leave their
 * node. If the best expert of {@code ⌊n · fraction⌋} or more of n tokens is on another node, only
 * so many of them, those with the largest logits, keep that expert as their second one; every other
 * choice is the best on the own node.
 *
 * <p>Source: He et al., FasterMoE, 2022, as released in FastMoE; version 1 of the rule. It changes
 * results, so that it is used only where it is named.
 */
public final class TopologyTop2 extends GroupPolicy {
  private final GatingSpec.TopologyTop2 rule;
  private final int localFrom;
  private final Choices choices = new Choices(2);
  private final int[] best = new int[2];
  private final float[] pair = new float[2];
  private int[] favourite = new int[0];
  private float[] outgoing = new float[0];
  private int[] order = new int[0];

  /** Takes two of {@code experts}. */
  public TopologyTop2(GatingSpec.TopologyTop2 rule, int experts, Kernels kernels) {
    super(rule, experts, kernels);
    this.rule = rule;
    this.localFrom = rule.node() * rule.expertsPerNode();
    if ((rule.node() + 1L) * rule.expertsPerNode() > experts) {
      throw new IllegalArgumentException(
          "topology gate runs on node %d of %d experts each, the layer has only %d"
              .formatted(rule.node(), rule.expertsPerNode(), experts));
    }
  }

  @Override
  void choose(float[] logits, int tokens) {
    choices.begin(tokens);
    if (favourite.length < tokens) {
      favourite = new int[tokens];
      outgoing = new float[tokens];
      order = new int[tokens];
    }
    int leaving = 0;
    for (int token = 0; token < tokens; token++) {
      kernels.topK(logits, offset(token), experts, 2, best, 0);
      favourite[token] = best[0];
      boolean leaves = !local(best[0]);
      leaving += leaves ? 1 : 0;
      // below every logit: a token that stays never takes an outgoing place
      outgoing[token] = leaves ? logits[offset(token) + best[0]] : Float.NEGATIVE_INFINITY;
      set(logits, token, best[0], best[1]);
    }
    int limit = (int) Math.floor(tokens * rule.outgoingFraction());
    if (leaving >= limit) {
      restrict(logits, tokens, limit);
    }
  }

  private void restrict(float[] logits, int tokens, int limit) {
    for (int token = 0; token < tokens; token++) {
      kernels.topK(logits, offset(token) + localFrom, rule.expertsPerNode(), 2, best, 0);
      set(logits, token, localFrom + best[0], localFrom + best[1]);
    }
    kernels.topK(outgoing, 0, tokens, limit, order, 0);
    for (int i = 0; i < limit; i++) {
      int token = order[i];
      set(logits, token, choices.expert(token, 0), favourite[token]);
    }
  }

  private boolean local(int expert) {
    return expert >= localFrom && expert < localFrom + rule.expertsPerNode();
  }

  private void set(float[] logits, int token, int first, int second) {
    pair[0] = logits[offset(token) + first];
    pair[1] = logits[offset(token) + second];
    kernels.softmax(pair, 0, 2);
    choices.set(token, 0, first, pair[0]);
    choices.set(token, 1, second, pair[1]);
  }

  @Override
  void emit(int token, Assignments out) {
    choices.emit(token, out);
  }
}
