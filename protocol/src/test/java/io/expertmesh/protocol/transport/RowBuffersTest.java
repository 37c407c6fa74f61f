package io.expertmesh.protocol.transport;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RowBuffersTest {
  private final RowBuffers buffers = new RowBuffers();

  @Test
  void anArrayThatWasGivenBackIsUsedAgainForWhateverFits() {
    float[] first = buffers.take(30_000);
    assertThat(first).hasSizeGreaterThanOrEqualTo(30_000);

    buffers.give(first);

    assertThat(buffers.take(first.length + 1)).isNotSameAs(first).hasSizeGreaterThan(first.length);
    assertThat(buffers.take(first.length / 2)).isNotSameAs(first);
    assertThat(buffers.take(20_000)).isSameAs(first);
    assertThat(buffers.take(20_000)).as("it is given out once").isNotSameAs(first);
  }

  @Test
  void theArrayThatWasUsedLastIsGivenOutFirst() {
    float[] older = buffers.take(5000);
    float[] newer = buffers.take(5000);
    buffers.give(older);
    buffers.give(newer);

    assertThat(buffers.take(5000)).isSameAs(newer);
    assertThat(buffers.take(5000)).isSameAs(older);
  }

  @Test
  void smallAndHugeArraysAreMadeToMeasure() {
    for (int floats : new int[] {0, 1, 4095, (1 << 19) + 1}) {
      float[] array = buffers.take(floats);
      assertThat(array).hasSize(floats);
      buffers.give(array);
      assertThat(buffers.take(floats).length).isEqualTo(floats);
    }
  }

  @Test
  void onlySoMuchIsKept() {
    float[][] arrays = new float[100][];
    for (int i = 0; i < arrays.length; i++) {
      arrays[i] = buffers.take(1 << 17);
    }
    for (float[] array : arrays) {
      buffers.give(array);
    }

    int reused = 0;
    for (int i = 0; i < arrays.length; i++) {
      float[] taken = buffers.take(1 << 17);
      for (float[] array : arrays) {
        reused += array == taken ? 1 : 0;
      }
    }
    assertThat(reused).isEqualTo((1 << 20) / (1 << 17));
  }

  @Test
  void arraysOfOtherMakersAreNotKept() {
    float[] foreign = new float[5000];

    buffers.give(foreign);

    assertThat(buffers.take(5000)).isNotSameAs(foreign);
  }
}
