package io.expertmesh.router.core.gating;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.model.core.Capacity;
import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.core.GatingSpec.ExpertChoice.Scores;
import io.expertmesh.model.core.SecondChoice;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What has no plain definition: draws, thresholds, tables, mixtures. */
class GroupRulesTest {
  private static final Kernels KERNELS = KernelProviders.select("vector", DType.F32).kernels();
  private static final Capacity UNLIMITED = new Capacity.Unlimited();

  private final Assignments out = new Assignments();

  /** Rows whose second weight is 0.25: logits ln 3 and 0, and a third that tells them apart. */
  private static float[] quarters(int rows) {
    float[] logits = new float[rows * 3];
    for (int row = 0; row < rows; row++) {
      logits[3 * row] = (float) Math.log(3);
      logits[3 * row + 2] = -10 - row * 0.001f;
    }
    return logits;
  }

  private static List<Boolean> secondKept(GatingSpec spec, float[] logits) {
    int rows = logits.length / 3;
    Assignments out = new Assignments();
    GatingPolicy.of(spec, 3, new float[0], KERNELS)
        .assign(logits.clone(), new int[0], 0, rows, out);
    List<Boolean> kept = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      kept.add(out.start(row + 1) - out.start(row) == 2);
    }
    return kept;
  }

  private static long kept(GatingSpec spec) {
    return secondKept(spec, quarters(4_000)).stream().filter(b -> b).count();
  }

  @Test
  void randomSecondChoicesAreKeptAsOftenAsTheirRuleSays() {
    // the paper: probability 2 · 0.25
    assertThat(kept(gshard(0.5, 1))).isBetween(1_850L, 2_150L);
    // Mesh TensorFlow: 0.25 / 0.2 is certain
    assertThat(kept(gshard(0.2, 1))).isEqualTo(4_000);
    // NLLB: twice the raw probability, of a softmax whose third term is nearly nothing
    assertThat(kept(new GatingSpec.NllbTop2(UNLIMITED, Optional.of(5L), false, false, 1)))
        .isBetween(1_850L, 2_150L);
  }

  private static GatingSpec gshard(double threshold, long seed) {
    return new GatingSpec.GShardTop2(UNLIMITED, new SecondChoice.Random(threshold, seed, false));
  }

  @Test
  void aDrawBelongsToTheRowAndTheSeed() {
    float[] logits = quarters(64);
    float[] moved = new float[logits.length];
    System.arraycopy(logits, 3, moved, 0, logits.length - 3);
    List<Boolean> kept = secondKept(gshard(0.5, 1), logits);

    assertThat(secondKept(gshard(0.5, 1), moved).subList(0, 63)).isEqualTo(kept.subList(1, 64));
    assertThat(secondKept(gshard(0.5, 2), logits)).isNotEqualTo(kept);
  }

  @Test
  void aRejectedSecondChoiceTakesASlotOnlyInThePapersLoop() {
    float[] logits = quarters(64);
    // experts' room is one less than all second choices: slots decide whether the last one fits
    List<Boolean> wanted = secondKept(gshard(0.5, 1), logits);
    int last = wanted.lastIndexOf(true);
    Capacity room = new Capacity.Fixed(last);

    List<Boolean> paper =
        secondKept(new GatingSpec.GShardTop2(room, new SecondChoice.Random(0.5, 1, true)), logits);
    List<Boolean> mesh =
        secondKept(new GatingSpec.GShardTop2(room, new SecondChoice.Random(0.5, 1, false)), logits);

    assertThat(last).isGreaterThan(5);
    assertThat(mesh.subList(0, last)).isEqualTo(wanted.subList(0, last));
    // first choices are dropped beyond the room, so that a last row has at most one pair anyway
    assertThat(paper.subList(0, last)).isEqualTo(wanted.subList(0, last));
  }

  @Test
  void nllbsRandomPolicyReturnsToTheRawProbability() {
    float[] logits = {0, 0, 0};
    Assignments raw = new Assignments();
    GatingPolicy.of(
            new GatingSpec.NllbTop2(UNLIMITED, Optional.of(seedThatKeeps(logits)), true, false, 1),
            3,
            new float[0],
            KERNELS)
        .assign(logits, new int[0], 0, 1, raw);

    assertThat(raw.weight(0)).isCloseTo(.5f, within(1e-6f));
    assertThat(raw.weight(1)).isCloseTo(1 / 3f, within(1e-6f));
  }

  private static long seedThatKeeps(float[] logits) {
    long seed = 0;
    while (RowDraw.uniform(seed, logits, 0, 3) >= 0.6f) {
      seed++;
    }
    return seed;
  }

  @Test
  void whenDecodingAnExpertTakesTheTokensThatReachItsThreshold() {
    GatingSpec rule = new GatingSpec.ExpertChoice(new Capacity.Fixed(1), Scores.OVER_EXPERTS);
    float[] logits = {2, 1, 0, 0, 0, 0, 0, 1, 3, 1, Float.NaN, 0};

    GatingPolicy.of(rule, 3, new float[] {.3f, .25f, .8f}, KERNELS)
        .assignDecoding(logits, new int[0], 0, 4, out);

    assertThat(out.rows()).isEqualTo(4);
    assertThat(out.pairs()).isEqualTo(4);
    assertThat(new int[] {out.expert(0), out.expert(1), out.expert(2), out.expert(3)})
        .containsExactly(0, 0, 1, 2);
    assertThat(out.weight(0)).isCloseTo(.66524094f, within(1e-6f));
    assertThat(out.weight(3)).isCloseTo(.8437947f, within(1e-6f));
    assertThat(out.start(1)).isEqualTo(1);
    assertThat(out.start(2)).isEqualTo(3);
    assertThat(out.nonFinite(3)).isTrue();
  }

  @Test
  void withoutThresholdsExpertChoiceRefusesToDecodeAndSaysWhatElseThereIs() {
    GatingSpec rule = new GatingSpec.ExpertChoice(new Capacity.Fixed(1), Scores.OVER_EXPERTS);

    assertThatThrownBy(
            () ->
                GatingPolicy.of(rule, 3, new float[0], KERNELS)
                    .assignDecoding(new float[3], new int[0], 0, 1, out))
        .isInstanceOf(UndecidableException.class)
        .hasMessageContaining("cannot decode")
        .hasMessageContaining("max_tokens 0")
        .hasMessageContaining("table of one threshold per expert");
  }

  @Test
  void thresholdsHaveNoMeaningForScoresOverTokens() {
    GatingSpec rule = new GatingSpec.ExpertChoice(new Capacity.Fixed(1), Scores.OVER_TOKENS);

    assertThatThrownBy(() -> GatingPolicy.of(rule, 2, new float[2], KERNELS))
        .hasMessageContaining("scores over tokens");
  }

  @Test
  void aHashTableReadsTheTokenIds() {
    GatingPolicy policy =
        GatingPolicy.of(new GatingSpec.HashTable(), 4, new float[] {3, 0, 1, 3, 2}, KERNELS);

    policy.assign(new float[0], new int[] {4, 0, 2}, 0, 3, out);

    assertThat(new int[] {out.expert(0), out.expert(1), out.expert(2)}).containsExactly(2, 3, 1);
    assertThat(out.weight(0)).isEqualTo(1f);
    assertThat(policy.batchInvariant()).isTrue();
    assertThatThrownBy(() -> policy.assign(new float[0], new int[] {5}, 0, 1, out))
        .hasMessage("token_ids has 5, the hash table ends before 5");
    assertThatThrownBy(() -> policy.assign(new float[0], new int[0], 0, 1, out))
        .hasMessage("token_ids has 0 values for 1 rows, and hash routing reads them");
    assertThatThrownBy(
            () -> GatingPolicy.of(new GatingSpec.HashTable(), 4, new float[] {0, 4}, KERNELS))
        .hasMessage("hash table has 4.0 for token 1, must be an expert from 0 to 3");
  }

  @Test
  void softMixturesEqualTheirDefinition() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int round = 0; round < 50; round++) {
      int tokens = 1 + random.nextInt(9);
      int slots = 1 + random.nextInt(9);
      int width = 1 + random.nextInt(9);
      float[][] x = unit(random, tokens, width);
      float[][] mu = unit(random, slots, width);
      double[][] logits = new double[tokens][slots];
      float[] flat = new float[tokens * slots];
      for (int t = 0; t < tokens; t++) {
        for (int s = 0; s < slots; s++) {
          for (int i = 0; i < width; i++) {
            logits[t][s] += 3.0 * x[t][i] * mu[s][i];
          }
          flat[t * slots + s] = (float) logits[t][s];
        }
      }
      SoftMixture mixture = new SoftMixture(slots, KERNELS);

      mixture.mix(flat, tokens);

      for (int t = 0; t < tokens; t++) {
        for (int s = 0; s < slots; s++) {
          double overTokens = 0;
          double overSlots = 0;
          for (int u = 0; u < tokens; u++) {
            overTokens += Math.exp(logits[u][s]);
          }
          for (int u = 0; u < slots; u++) {
            overSlots += Math.exp(logits[t][u]);
          }
          assertThat((double) mixture.dispatch()[t * slots + s])
              .as("seed %d", seed)
              .isCloseTo(Math.exp(logits[t][s]) / overTokens, within(1e-6));
          assertThat((double) mixture.combine()[t * slots + s])
              .as("seed %d", seed)
              .isCloseTo(Math.exp(logits[t][s]) / overSlots, within(1e-6));
        }
      }
    }
  }

  /** Normalised random vectors, the first of them the zero vector. */
  private static float[][] unit(Random random, int count, int width) {
    float[][] vectors = new float[count][width];
    for (int v = 1; v < count; v++) {
      double squares = 0;
      for (int i = 0; i < width; i++) {
        vectors[v][i] = (float) random.nextGaussian();
        squares += vectors[v][i] * vectors[v][i];
      }
      SoftMixture.normalize(vectors[v], 0, width);
      double length = 0;
      for (float value : vectors[v]) {
        length += value * value;
      }
      assertThat(squares).isPositive();
      assertThat(length).isCloseTo(1, within(1e-5));
    }
    SoftMixture.normalize(vectors[0], 0, width);
    assertThat(vectors[0]).containsOnly(0f);
    return vectors;
  }
}
