package io.expertmesh.attention.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.expertmesh.model.core.RopeFrequencies;
import io.expertmesh.model.core.RopeScaling;
import io.expertmesh.model.core.RopeSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

class RopeTableTest {
  private static final RopeSpec SWITCHING =
      new RopeSpec(
          10_000,
          4,
          false,
          new RopeScaling.LongRope(List.of(1.0, 2.0), List.of(3.0, 9.0), 8, 1.0, 1.3));
  private static final RopeSpec GROWING =
      new RopeSpec(10_000, 4, false, new RopeScaling.DynamicNtk(2, 8));

  /** The angles of a position are those of a sequence of {@code length} tokens. */
  private static void assertAngles(
      RopeSpec spec, RopeTable table, int position, int prompt, int length) {
    RopeFrequencies expected = RopeFrequencies.of(spec, length);
    float[] cos = new float[5];
    float[] sin = new float[5];
    table.angles(position, prompt, cos, sin, 3);
    for (int i = 0; i < 2; i++) {
      double angle = position * expected.inverse(i);
      assertThat((double) cos[3 + i])
          .as("position %d of a prompt of %d", position, prompt)
          .isCloseTo(Math.cos(angle) * expected.magnitude(), offset(2e-6));
      assertThat((double) sin[3 + i])
          .isCloseTo(Math.sin(angle) * expected.magnitude(), offset(2e-6));
    }
  }

  @Test
  void thePromptDecidesForItsTokensAndPositionsForGeneratedOnes() {
    for (RopeSpec spec : List.of(SWITCHING, GROWING)) {
      RopeTable table = RopeTable.of(spec, 30);
      assertAngles(spec, table, 2, 5, 5);
      assertAngles(spec, table, 2, 8, 8);
      assertAngles(spec, table, 2, 20, 20);
      assertAngles(spec, table, 19, 20, 20);
      assertAngles(spec, table, 2, 12, 12);
      assertAngles(spec, table, 7, 3, 8);
      assertAngles(spec, table, 8, 3, 9);
      assertAngles(spec, table, 25, 20, 26);
      assertAngles(spec, table, 29, 30, 30);
    }
  }

  @Test
  void aShorterContextThanTheOriginalLengthIsEnough() {
    for (RopeSpec spec : List.of(SWITCHING, GROWING)) {
      assertAngles(spec, RopeTable.of(spec, 5), 4, 2, 5);
    }
  }

  @Test
  void onlyPromptsThatAreRotatedAlikeShareARegime() {
    RopeTable switching = RopeTable.of(SWITCHING, 30);
    assertThat(switching.regime(3)).isEqualTo(switching.regime(8));
    assertThat(switching.regime(9)).isEqualTo(switching.regime(30)).isNotEqualTo(0);
    RopeTable growing = RopeTable.of(GROWING, 30);
    assertThat(growing.regime(3)).isEqualTo(growing.regime(8));
    assertThat(growing.regime(9)).isNotEqualTo(growing.regime(8));
    assertThat(growing.regime(9)).isNotEqualTo(growing.regime(10));
    RopeTable fixed = RopeTable.of(RopeSpec.plain(10_000, 4), 30);
    assertThat(fixed.regime(3)).isEqualTo(fixed.regime(30));
  }

  @Test
  void slopesOfAlibiFollowTheHeads() {
    assertThat(AlibiSlopes.of(8))
        .containsExactly(0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f, 1 / 64f, 1 / 128f, 1 / 256f);
    float[] twelve = AlibiSlopes.of(12);
    for (int i = 0; i < 4; i++) {
      assertThat((double) twelve[8 + i]).isCloseTo(Math.pow(2, -0.5 - i), offset(1e-7));
    }
    assertThat(AlibiSlopes.of(1)).containsExactly(1 / 256f);
  }
}
