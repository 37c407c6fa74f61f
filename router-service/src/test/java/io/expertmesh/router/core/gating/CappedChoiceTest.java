package io.expertmesh.router.core.gating;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.model.core.Capacity;
import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.core.GatingSpec.ExpertChoice.Scores;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Experts that choose under a bound per token, against every assignment that there is. */
class CappedChoiceTest {
  private static final Kernels KERNELS = KernelProviders.select("vector", DType.F32).kernels();
  private static final int ROUNDS = 300;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  /** Experts, tokens, tokens per expert, experts per token: small enough to try everything. */
  private record Case(int experts, int tokens, int k, int b, float[] scores) {}

  private Case any(boolean ties) {
    while (true) {
      int experts = 1 + random.nextInt(3);
      int tokens = 1 + random.nextInt(6);
      int b = 1 + random.nextInt(experts);
      int k = 1 + random.nextInt(Math.min(4, tokens));
      if (experts * k <= tokens * b) {
        float[] scores = new float[experts * tokens];
        for (int i = 0; i < scores.length; i++) {
          scores[i] = ties ? random.nextInt(4) * 0.25f : random.nextFloat();
        }
        return new Case(experts, tokens, k, b, scores);
      }
    }
  }

  /** The best sum of scores and the next best one, over all ways to choose. */
  private static final class Exhaustive {
    final Case given;
    double best = Double.NEGATIVE_INFINITY;
    double second = Double.NEGATIVE_INFINITY;
    boolean[] choice = {};

    Exhaustive(Case given) {
      this.given = given;
      extend(new boolean[given.scores.length], new int[given.tokens], 0, 0, 0, 0);
    }

    private void extend(boolean[] taken, int[] load, int expert, int from, int had, double sum) {
      if (expert == given.experts) {
        second = Math.max(second, Math.min(best, sum));
        if (sum > best) {
          best = sum;
          choice = taken.clone();
        }
        return;
      }
      if (had == given.k) {
        extend(taken, load, expert + 1, 0, 0, sum);
        return;
      }
      for (int token = from; token < given.tokens; token++) {
        if (load[token] < given.b) {
          int pair = expert * given.tokens + token;
          taken[pair] = true;
          load[token]++;
          extend(taken, load, expert, token + 1, had + 1, sum + given.scores[pair]);
          load[token]--;
          taken[pair] = false;
        }
      }
    }
  }

  @Test
  void thePlanIsFeasibleAndAsGoodAsItsEntropyAllows() {
    for (int round = 0; round < ROUNDS; round++) {
      Case given = any(round % 2 == 0);
      double lambda = 0.02;
      double[] log =
          new TransportPlan(lambda, 100_000)
              .solve(given.scores, given.experts, given.tokens, given.k, given.b);
      double sum = 0;
      double[] column = new double[given.tokens];
      for (int e = 0; e < given.experts; e++) {
        double row = 0;
        for (int t = 0; t < given.tokens; t++) {
          double entry = Math.exp(log[e * given.tokens + t]);
          assertThat(entry).as("seed %d", seed).isBetween(0.0, 1.0);
          row += entry;
          column[t] += entry;
          sum += entry * given.scores[e * given.tokens + t];
        }
        assertThat(row).as("seed %d %s", seed, given).isBetween(given.k - 1e-3, given.k + 1e-3);
      }
      assertThat(Arrays.stream(column).max().orElseThrow())
          .as("seed %d", seed)
          .isLessThan(given.b + 1e-3);
      double entropy = given.experts * given.k * Math.log((double) given.tokens / given.k) * lambda;
      double best = new Exhaustive(given).best;
      assertThat(sum).as("seed %d", seed).isBetween(best - entropy - 1e-2, best + 1e-2);
    }
  }

  @Test
  void whereOneChoiceIsClearlyBestItIsTaken() {
    int clear = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Case given = any(false);
      Exhaustive all = new Exhaustive(given);
      double lambda = 0.002;
      double lost = given.experts * given.k * Math.log((double) given.tokens / given.k) * lambda;
      if (all.best - all.second > 2 * lost + 0.02) {
        clear++;
        boolean[] taken =
            new CappedChoice(given.experts, given.b, new TransportPlan(lambda, 100_000))
                .choose(given.scores, given.tokens, given.k);
        assertThat(Arrays.copyOf(taken, given.scores.length))
            .as("seed %d %s", seed, given)
            .isEqualTo(all.choice);
      }
    }
    assertThat(clear).isGreaterThan(ROUNDS / 10);
  }

  @Test
  void everyExpertIsFullAndNoTokenIsTakenTooOftenAndInSmallGroupsTheOtherWayRound() {
    int small = 0;
    for (int round = 0; round < ROUNDS; round++) {
      int experts = 1 + random.nextInt(12);
      int tokens = 1 + random.nextInt(40);
      int b = 1 + random.nextInt(experts);
      int k = random.nextInt(tokens + 1);
      float[] scores = new float[experts * tokens];
      boolean favourite = random.nextBoolean();
      for (int i = 0; i < scores.length; i++) {
        // ties, and tokens that every expert wants
        scores[i] = random.nextInt(5) * 0.2f + (favourite && i % tokens == 0 ? 1 : 0);
      }
      boolean[] taken = new CappedChoice(experts, b).choose(scores, tokens, k);
      int[] perToken = new int[tokens];
      int[] perExpert = new int[experts];
      for (int i = 0; i < scores.length; i++) {
        perExpert[i / tokens] += taken[i] ? 1 : 0;
        perToken[i % tokens] += taken[i] ? 1 : 0;
      }
      boolean enough = experts * k <= tokens * b;
      small += enough ? 0 : 1;
      assertThat(enough ? perExpert : perToken)
          .as("seed %d round %d", seed, round)
          .containsOnly(enough ? k : b);
      assertThat(Arrays.stream(enough ? perToken : perExpert).max().orElseThrow())
          .as("seed %d round %d", seed, round)
          .isLessThanOrEqualTo(enough ? b : k);
    }
    assertThat(small).isBetween(1, ROUNDS - 1);
  }

  @Test
  void aTokenAloneIsTakenByTheExpertsThatWantItMost() {
    float[] scores = {.1f, .4f, .2f, .3f};
    boolean[] taken = new CappedChoice(4, 2).choose(scores, 1, 1);
    assertThat(Arrays.copyOf(taken, 4)).containsExactly(false, true, false, true);
  }

  @Test
  void anExpertGivesUpATokenForOneThatIsLeftShort() {
    // both want the first two tokens; one expert a token, two tokens an expert
    float[] scores = {.9f, .8f, .1f, .1f, .9f, .8f, .1f, .1f};
    boolean[] taken = new CappedChoice(2, 1).choose(scores, 4, 2);

    int both = 0;
    for (int t = 0; t < 4; t++) {
      assertThat(taken[t]).isNotEqualTo(taken[4 + t]);
      both += taken[t] ? 1 : 0;
    }
    assertThat(both).isEqualTo(2);
  }

  @Test
  void thePolicyWeighsByTheScoreAndBoundsDecodedTokensToo() {
    GatingSpec rule =
        new GatingSpec.ExpertChoice(new Capacity.Fixed(1), Scores.OVER_EXPERTS, OptionalInt.of(1));
    float ln2 = (float) Math.log(2);
    Assignments out = new Assignments();
    GatingPolicy policy = GatingPolicy.of(rule, 2, new float[] {.3f, .3f}, KERNELS);
    // both experts would take the first token alone: it has ⅔ and ⅓, the second one ½ and ½
    policy.assign(new float[] {ln2, 0, 0, 0}, new int[0], 0, 2, out);
    policy.assignDecoding(new float[] {0, 0, 0, 0, ln2, 0, 0, 0}, new int[0], 2, 4, out);

    assertThat(out.pairs()).isEqualTo(4);
    assertThat(out.expert(0)).isZero();
    assertThat(out.weight(0)).isCloseTo(2 / 3f, within(1e-6f));
    assertThat(out.expert(1)).isEqualTo(1);
    assertThat(out.weight(1)).isCloseTo(.5f, within(1e-6f));
    assertThat(out.expert(2)).as("of two that reach their thresholds, the likelier").isZero();
    assertThat(out.expert(3)).as("of equals, the lower").isZero();
  }
}
