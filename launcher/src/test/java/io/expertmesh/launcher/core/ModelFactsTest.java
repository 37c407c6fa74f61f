package io.expertmesh.launcher.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ModelFactsTest {
  @Test
  void aMeshHasOneExpertServicePerProcessorFromTwoToFour() {
    ModelFacts model = new ModelFacts("/m", "m", 8);

    assertThat(model.shards(1)).isEqualTo(2);
    assertThat(model.shards(2)).isEqualTo(2);
    assertThat(model.shards(3)).isEqualTo(3);
    assertThat(model.shards(64)).isEqualTo(4);
  }

  @Test
  void noExpertServiceIsWithoutAnExpert() {
    assertThat(new ModelFacts("/m", "m", 3).shards(64)).isEqualTo(3);
    assertThat(new ModelFacts("/m", "m", 1).shards(2)).isEqualTo(1);
  }

  @Test
  void aModelWithoutExpertsIsNoReasonToRefuse() {
    assertThat(new ModelFacts("/m", "m", 0).shards(8)).isEqualTo(1);
  }
}
