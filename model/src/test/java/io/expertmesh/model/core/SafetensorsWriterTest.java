package io.expertmesh.model.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  private final Path file;

  SafetensorsWriterTest(@TempDir Path dir) {
    file = dir.resolve("a.safetensors");
  }

  @Test
  void theReaderReadsWhatTheWriterWrote() throws IOException {
    List<TensorSource> tensors =
        List.of(
            bytes("odd", TensorType.U8, List.of(3L), 1, 2, 3),
            bytes("b", TensorType.F32, List.of(), 0, 0, 0x80, 0x3F),
            bytes("a", TensorType.F32, List.of(1L, 1L), 0, 0, 0, 0x40),
            bytes("none", TensorType.I64, List.of(0L)));
    SafetensorsWriter.write(file, tensors, Map.of("format", "pt"));
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertThat(read.names()).containsExactly("none", "a", "b", "odd");
      assertThat(read.metadata()).containsExactly(Map.entry("format", "pt"));
      assertThat(read.floats("a")).containsExactly(2f);
      assertThat(read.floats("b")).containsExactly(1f);
      assertThat(read.ints("odd")).containsExactly(1, 2, 3);
      assertThat(read.longs("none")).isEmpty();
    }
    byte[] written = Files.readAllBytes(file);
    long header = ByteBuffer.wrap(written).order(ByteOrder.LITTLE_ENDIAN).getLong();
    assertThat(header % 8).isZero();
    SafetensorsWriter.write(file, tensors.reversed(), Map.of("format", "pt"));
    assertThat(Files.readAllBytes(file)).isEqualTo(written);
  }

  @Test
  void aContentOfTheWrongLengthLeavesNoFile() {
    TensorSource lying = bytes("x", TensorType.F32, List.of(2L), 1, 2, 3, 4);
    assertThatThrownBy(() -> SafetensorsWriter.write(file, List.of(lying), Map.of()))
        .hasMessage("tensor x takes 8 bytes, its content gave 4");
    assertThat(file.getParent()).isEmptyDirectory();
  }

  @Test
  void twoTensorsOfOneNameAreRefused() {
    TensorSource tensor = bytes("x", TensorType.U8, List.of(1L), 1);
    assertThatThrownBy(() -> SafetensorsWriter.write(file, List.of(tensor, tensor), Map.of()))
        .hasMessage("two tensors are named x");
    assertThat(file.getParent()).isEmptyDirectory();
  }

  private static TensorSource bytes(String name, TensorType type, List<Long> shape, int... values) {
    byte[] data = new byte[values.length];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) values[i];
    }
    return EditedCheckpoint.source(name, type, shape, MemorySegment.ofArray(data));
  }
}
