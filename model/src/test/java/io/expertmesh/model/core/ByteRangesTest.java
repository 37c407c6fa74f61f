package io.expertmesh.model.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.model.core.ByteRanges.Range;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Against a set of single bytes. */
class ByteRangesTest {
  private static final int SIZE = 60;

  @Test
  void sumsAndDifferencesAreThoseOfTheBytes() {
    for (long seed = 0; seed < 3000; seed++) {
      Random random = new Random(seed);
      List<Range> left = ranges(random);
      List<Range> right = ranges(random);
      ByteRanges a = ByteRanges.of(left);
      ByteRanges b = ByteRanges.of(right);
      BitSet both = bits(left);
      both.or(bits(right));
      BitSet without = bits(left);
      without.andNot(bits(right));
      assertThat(bits(a.ranges())).as("seed %d", seed).isEqualTo(bits(left));
      assertThat(a.bytes()).as("seed %d", seed).isEqualTo(bits(left).cardinality());
      assertThat(bits(a.plus(b).ranges())).as("seed %d", seed).isEqualTo(both);
      assertThat(bits(a.minus(b).ranges())).as("seed %d", seed).isEqualTo(without);
      int from = random.nextInt(SIZE);
      int to = from + random.nextInt(SIZE - from + 1);
      assertThat(a.covers(from, to))
          .as("seed %d", seed)
          .isEqualTo(bits(left).nextClearBit(from) >= to);
    }
  }

  @Test
  void piecesAreNoLongerThanAskedAndTogetherTheWhole() {
    for (long seed = 0; seed < 500; seed++) {
      Random random = new Random(seed);
      ByteRanges all = ByteRanges.of(ranges(random));
      int most = 1 + random.nextInt(12);
      List<Range> pieces = all.pieces(most);
      assertThat(pieces).as("seed %d", seed).allMatch(piece -> piece.bytes() <= most);
      assertThat(ByteRanges.of(pieces)).as("seed %d", seed).isEqualTo(all);
    }
  }

  @Test
  void smallGapsAreBridgedAndDisksCountWholeBlocks() {
    ByteRanges apart = ByteRanges.of(List.of(new Range(0, 5), new Range(8, 9), new Range(20, 21)));
    assertThat(apart.bridged(3).ranges()).containsExactly(new Range(0, 9), new Range(20, 21));
    assertThat(apart.bridged(2)).isEqualTo(apart);
    assertThat(apart.onDisk(4)).isEqualTo(8 + 4 + 4);
  }

  @Test
  void rangesThatOverlapOrAreEmptyAreNoneOfItsOwn() {
    assertThatThrownBy(() -> new Range(3, 3)).hasMessage("no range: 3 to 3");
    assertThatThrownBy(() -> new ByteRanges(List.of(new Range(0, 5), new Range(5, 6))))
        .hasMessageContaining("must be ascending and apart");
  }

  private static List<Range> ranges(Random random) {
    List<Range> ranges = new ArrayList<>();
    for (int i = random.nextInt(6); i > 0; i--) {
      int from = random.nextInt(SIZE - 1);
      ranges.add(new Range(from, from + 1 + random.nextInt(SIZE - from - 1)));
    }
    return ranges;
  }

  private static BitSet bits(List<Range> ranges) {
    BitSet bits = new BitSet();
    ranges.forEach(range -> bits.set((int) range.from(), (int) range.to()));
    return bits;
  }
}
