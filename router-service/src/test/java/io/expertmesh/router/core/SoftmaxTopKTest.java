package io.expertmesh.router.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.model.core.GatingSpec;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SoftmaxTopKTest {
  private final Assignments out = new Assignments();

  private static SoftmaxTopK renormalized(int k, int experts) {
    return new SoftmaxTopK(GatingSpec.SoftmaxTopK.renormalized(k), experts, Fixtures.KERNELS);
  }

  @Test
  void theReferencesVectorIsReproduced() {
    float[] logits = {1, .5f, -.25f, 2, .75f, -1, .25f, 1.5f};

    renormalized(2, 8).assign(logits, 1, out);

    assertThat(out.pairs()).isEqualTo(2);
    assertThat(out.expert(0)).isEqualTo(3);
    assertThat(out.expert(1)).isEqualTo(7);
    assertThat(out.weight(0)).isCloseTo(.6224593f, within(2e-7f));
    assertThat(out.weight(1)).isCloseTo(.37754065f, within(2e-7f));
  }

  @Test
  void randomRowsWithTiesEqualTheSlowReference() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      int experts = 1 + random.nextInt(round % 3 == 0 ? 4 : 40);
      int k = round % 5 == 0 ? experts : 1 + random.nextInt(experts);
      int rows = round % 7 == 0 ? 1 : 1 + random.nextInt(9);
      float[] logits = new float[rows * experts];
      for (int i = 0; i < logits.length; i++) {
        // a coarse grid, so that ties are common
        logits[i] = (random.nextInt(9) - 4) * 0.25f;
      }
      float[] before = logits.clone();
      out.clear();

      renormalized(k, experts).assign(logits, rows, out);

      assertThat(out.rows()).as("seed %d", seed).isEqualTo(rows);
      for (int row = 0; row < rows; row++) {
        assertEqualsReference(before, row, experts, k, seed);
      }
    }
  }

  private void assertEqualsReference(float[] logits, int row, int experts, int k, long seed) {
    int[] chosen =
        IntStream.range(0, experts)
            .boxed()
            .sorted(
                (a, b) ->
                    logits[row * experts + a] == logits[row * experts + b]
                        ? Integer.compare(a, b)
                        : Float.compare(logits[row * experts + b], logits[row * experts + a]))
            .limit(k)
            .mapToInt(Integer::intValue)
            .sorted()
            .toArray();
    double sum = IntStream.of(chosen).mapToDouble(e -> Math.exp(logits[row * experts + e])).sum();
    assertThat(out.start(row + 1) - out.start(row)).isEqualTo(k);
    for (int i = 0; i < k; i++) {
      int pair = out.start(row) + i;
      assertThat(out.row(pair)).isEqualTo(row);
      assertThat(out.expert(pair)).as("seed %d row %d slot %d", seed, row, i).isEqualTo(chosen[i]);
      assertThat((double) out.weight(pair))
          .as("seed %d row %d slot %d", seed, row, i)
          .isCloseTo(Math.exp(logits[row * experts + chosen[i]]) / sum, within(1e-6));
    }
  }

  @Test
  void aRowWithALogitThatIsNotFiniteIsFlaggedAndItsNeighboursAreNot() {
    float[] logits = {1, 2, Float.NaN, 0, Float.POSITIVE_INFINITY, 1, 3, 4};

    renormalized(1, 2).assign(logits, 4, out);

    assertThat(out.pairs()).isEqualTo(2);
    assertThat(out.expert(0)).isEqualTo(1);
    assertThat(out.row(1)).isEqualTo(3);
    assertThat(out.nonFinite(0)).isFalse();
    assertThat(out.nonFinite(1)).isTrue();
    assertThat(out.nonFinite(2)).isTrue();
    assertThat(out.nonFinite(3)).isFalse();
  }

  @Test
  void moreExpertsPerTokenThanExpertsAreRefused() {
    assertThatThrownBy(() -> renormalized(3, 2))
        .hasMessage("num_experts_per_tok is 3, must be between 1 and the 2 experts");
  }
}
