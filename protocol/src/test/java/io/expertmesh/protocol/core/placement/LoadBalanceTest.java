package io.expertmesh.protocol.core.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LoadBalanceTest {
  private static final double[] LOADS = {2, 1, 0, 1};

  @Test
  void theSquaredVariationHasBothDivisorsOfTheReferences() {
    assertThat(LoadBalance.squaredVariation(LOADS)).isEqualTo(0.5);
    assertThat(LoadBalance.unbiasedSquaredVariation(LOADS)).isCloseTo(0.66666669, within(1e-7));
    assertThat(LoadBalance.variation(LOADS)).isCloseTo(Math.sqrt(0.5), within(1e-15));
  }

  @Test
  void equalAbsentAndSingleLoadsDoNotVary() {
    for (double[] even : new double[][] {{3, 3, 3}, {0, 0}, {}, {7}}) {
      assertThat(LoadBalance.squaredVariation(even)).isZero();
      assertThat(LoadBalance.unbiasedSquaredVariation(even)).isZero();
    }
  }

  @Test
  void oneExpertWithEverythingVariesMost() {
    assertThat(LoadBalance.squaredVariation(new double[] {8, 0, 0, 0})).isEqualTo(3);
  }
}
