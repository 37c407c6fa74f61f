package io.expertmesh.model.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Values are those of transformers 5.18 where no formula stands beside them. */
class RopeFrequenciesTest {
  private static final int ANY = 100;

  @Test
  void withoutScalingFrequenciesArePowersOfTheBase() {
    RopeFrequencies plain = RopeFrequencies.of(RopeSpec.plain(10_000, 8), ANY);
    assertThat(plain.count()).isEqualTo(4);
    assertThat(plain.magnitude()).isEqualTo(1);
    assertValues(plain, Map.of(0, 1.0, 1, 0.1, 2, 0.01, 3, 0.001));
  }

  @Test
  void linearScalingDividesEveryFrequency() {
    RopeFrequencies linear = scaled(10_000, 8, new RopeScaling.Linear(4), ANY);
    assertThat(linear.magnitude()).isEqualTo(1);
    assertValues(linear, Map.of(0, 0.25, 1, 0.025, 2, 0.0025, 3, 0.00025));
  }

  @Test
  void yarnStretchesLowFrequenciesBetweenWholeCorners() {
    RopeFrequencies yarn = scaled(10_000, 64, new RopeScaling.Yarn(40, 4096, 32, 1, 1, true), ANY);
    assertThat(yarn.magnitude()).isEqualTo(1);
    assertValues(
        yarn,
        Map.of(
            0,
            1.0,
            9,
            .074989416,
            10,
            .056234129,
            11,
            .039006926,
            15,
            .0083345091,
            20,
            7.9056941e-4,
            22,
            1.7782794e-4,
            23,
            3.3338034e-5,
            24,
            2.4999999e-5,
            31,
            3.3338035e-6));
  }

  @Test
  void yarnOfGptOssKeepsItsCornersFractional() {
    double magnitude = 0.1 * Math.log(32) + 1;
    RopeFrequencies yarn =
        scaled(150_000, 64, new RopeScaling.Yarn(32, 4096, 32, 1, magnitude, false), ANY);
    assertThat(yarn.magnitude()).isCloseTo(1.34657359, within(1e-8));
    assertValues(
        yarn,
        Map.of(
            7,
            .073744565,
            8,
            .050813273,
            9,
            .031705696,
            12,
            .0067949593,
            16,
            4.5648392e-4,
            17,
            1.2931869e-4,
            18,
            3.8308812e-5,
            31,
            3.0235114e-7));
  }

  @Test
  void yarnWithEqualCornersIsFinite() {
    RopeFrequencies yarn = scaled(10_000, 8, new RopeScaling.Yarn(4, 1, 32, 1, 1, true), ANY);
    for (int i = 0; i < yarn.count(); i++) {
      assertThat(yarn.inverse(i)).isFinite().isPositive();
    }
  }

  @Test
  void llama3ScalesByWavelength() {
    assertValues(
        scaled(500_000, 128, new RopeScaling.Llama3(8, 1, 4, 8192), ANY),
        Map.of(
            1,
            .81461722,
            28,
            .0032114461,
            29,
            .0021665706,
            30,
            .0013718937,
            33,
            3.1269365e-4,
            35,
            9.5562122e-5,
            36,
            7.7846555e-5,
            63,
            3.0689259e-7));
  }

  @Test
  void dynamicScalingGrowsTheBaseWithTheLength() {
    RopeScaling scaling = new RopeScaling.DynamicNtk(2, 2048);
    assertValues(scaled(10_000, 128, scaling, 2049), Map.of(1, .86595094, 63, 1.1536554e-4));
    assertValues(
        scaled(10_000, 128, scaling, 4096),
        Map.of(1, .85099429, 32, .0057233819, 63, 3.8492733e-5));
    RopeFrequencies plain = RopeFrequencies.of(RopeSpec.plain(10_000, 128), ANY);
    for (int length : new int[] {1, 2047, 2048}) {
      RopeFrequencies unchanged = scaled(10_000, 128, scaling, length);
      for (int i = 0; i < 64; i++) {
        assertThat(unchanged.inverse(i)).isEqualTo(plain.inverse(i));
      }
    }
  }

  @Test
  void longRopeTakesItsOtherFactorsBeyondTheOriginalLength() {
    RopeScaling scaling =
        new RopeScaling.LongRope(
            List.of(1.0, 2.0, 4.0, 5.0), Collections.nCopies(4, 10.0), 16, 1.25, 1.5);
    RopeFrequencies within = scaled(10_000, 8, scaling, 16);
    assertThat(within.magnitude()).isEqualTo(1.25);
    assertValues(within, Map.of(0, 1.0, 1, 0.05, 2, 0.0025, 3, 0.0002));
    RopeFrequencies beyond = scaled(10_000, 8, scaling, 17);
    assertThat(beyond.magnitude()).isEqualTo(1.5);
    assertValues(beyond, Map.of(0, 0.1, 1, 0.01, 2, 0.001, 3, 0.0001));
  }

  private static RopeFrequencies scaled(double theta, int dims, RopeScaling scaling, int length) {
    return RopeFrequencies.of(new RopeSpec(theta, dims, false, scaling), length);
  }

  /** The reference computes in fp32: a relative error of some units of 2⁻²⁴ is its own. */
  private static void assertValues(RopeFrequencies frequencies, Map<Integer, Double> expected) {
    expected.forEach(
        (i, value) -> {
          Offset<Double> offset = within(value * 2e-6);
          assertThat(frequencies.inverse(i)).as("frequency %s", i).isCloseTo(value, offset);
        });
  }
}
