package io.expertmesh.expert.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.protocol.core.MeshException;
import java.util.BitSet;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardNotationTest {
  private static final ModelSpec MIXTRAL = spec("mixtral");
  private static final int EXPERTS = MIXTRAL.routed(0).orElseThrow().experts().size();

  private static ModelSpec spec(String name) {
    try (Checkpoint checkpoint = Goldens.open(name)) {
      return checkpoint.spec();
    }
  }

  @Test
  void partsOfASplitShareOutEveryExpertOnce() {
    for (int parts = 1; parts <= EXPERTS; parts++) {
      for (int layer : MIXTRAL.routedLayers()) {
        BitSet seen = new BitSet();
        for (int part = 0; part < parts; part++) {
          BitSet mine =
              Objects.requireNonNull(
                  ShardNotation.parse("s", MIXTRAL, "", part + "/" + parts).experts().get(layer));
          assertThat(mine.isEmpty()).isFalse();
          assertThat(seen.intersects(mine)).isFalse();
          seen.or(mine);
        }
        assertThat(seen.cardinality()).isEqualTo(EXPERTS);
      }
    }
  }

  @Test
  void blocksAreNumberedByLayerThenExpert() {
    ShardSpec shard = ShardNotation.parse("s", MIXTRAL, "1:2;0:1,3", "");

    assertThat(shard.blocks())
        .containsExactly(
            new ShardSpec.Block(0, 1), new ShardSpec.Block(0, 3), new ShardSpec.Block(1, 2));
    assertThat(shard.block(0, 3)).isEqualTo(1);
    assertThat(shard.block(0, 2)).isEqualTo(-1);
    assertThat(shard.block(-1, 2)).isEqualTo(-1);
    assertThat(shard.block(0, 1 << 20)).isEqualTo(-1);
  }

  @Test
  void aStarMeansAllLayersOrAllExperts() {
    ShardSpec shard = ShardNotation.parse("s", MIXTRAL, "*:*", "");
    assertThat(shard.blocks()).hasSize(EXPERTS * MIXTRAL.routedLayers().size());
    assertThat(ShardNotation.parse("s", MIXTRAL, "*:0-1", "").blocks())
        .hasSize(2 * MIXTRAL.routedLayers().size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|''|expected layers:experts",
        "0:a|''|where a number",
        "0:3-1|''|ends before it begins",
        "99:0|''|layer 99, but the model has layers 0-",
        "99:*|''|layer 99, but the model has layers 0-",
        "0:77|''|expert 77 of layer 0, but that layer has experts 0-",
        "''|''|none is",
        "0:0|0/1|both are",
        "''|3|expected i/n",
        "''|2/2|must be less",
        "''|0/0|must be less",
        "''|0/999|only",
      })
  void mistakesAreNamed(String experts, String split, String sentence) {
    assertThatThrownBy(() -> ShardNotation.parse("s", MIXTRAL, experts, split))
        .isInstanceOf(MeshException.class)
        .hasMessageContaining(sentence);
  }

  @Test
  void aDenseModelHasNothingToHost() {
    assertThatThrownBy(() -> ShardNotation.parse("s", spec("llama-dense"), "", "0/1"))
        .isInstanceOf(MeshException.class)
        .hasMessageContaining("no routed experts");
  }
}
