package io.expertmesh.tests.input;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.tests.support.MeshUnderTest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint that lies is refused with a sentence, and nothing is left running. */
class RefusedCheckpointTest {
  @TempDir Path folder;

  @Test
  void aTruncatedFileIsRefused() throws IOException {
    Path model = copy("mixtral");
    Path weights = model.resolve("model.safetensors");
    try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
      file.setLength(file.length() - 1000);
    }
    assertRefused(model, "model.safetensors");
  }

  @Test
  void overlappingTensorsAreRefused() throws IOException {
    Path model = copy("mixtral");
    Path weights = model.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    int headerLength = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    String header = new String(bytes, 8, headerLength, StandardCharsets.UTF_8);
    int at =
        header.indexOf("\"data_offsets\":[", header.indexOf("\"data_offsets\":[") + 1)
            + "\"data_offsets\":[".length();
    int end = header.indexOf(',', at);
    String zeroes = "0" + " ".repeat(end - at - 1);
    String lying = header.substring(0, at) + zeroes + header.substring(end);
    System.arraycopy(lying.getBytes(StandardCharsets.UTF_8), 0, bytes, 8, headerLength);
    Files.write(weights, bytes);
    assertRefused(model, "model.safetensors");
  }

  @Test
  void aHeaderThatClaimsMoreThanTheFileIsRefused() throws IOException {
    Path model = copy("mixtral");
    Path weights = model.resolve("model.safetensors");
    try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
      file.write(new byte[] {-1, -1, -1, -1, -1, -1, -1, 127});
    }
    assertRefused(model, "model.safetensors");
  }

  @Test
  void aConfigThatContradictsTheTensorsIsRefused() throws IOException {
    Path model = copy("mixtral");
    Path config = model.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config).replace("\"intermediate_size\": 96", "\"intermediate_size\": 97"));
    assertRefused(model, "97");
  }

  @Test
  void aMissingFolderIsRefused() {
    assertRefused(folder.resolve("nothing-here"), "nothing-here");
  }

  private void assertRefused(Path model, String named) {
    MeshUnderTest.CommandResult result =
        MeshUnderTest.command(
            folder,
            List.of(
                "up",
                "--detach",
                "--model",
                model.toString(),
                "--experts",
                "2",
                "--port",
                "" + MeshUnderTest.freePort()),
            MeshUnderTest.SHORT_LIVED);
    assertThat(result.status()).as(result.output()).isNotZero();
    assertThat(result.output()).contains(named).doesNotContain("\tat ");
    assertThat(
            ProcessHandle.allProcesses()
                .filter(p -> p.info().commandLine().orElse("").contains(model.toString()))
                .filter(p -> p.pid() != ProcessHandle.current().pid())
                .toList())
        .isEmpty();
  }

  private Path copy(String golden) throws IOException {
    Path target = Files.createDirectory(folder.resolve("model-under-test"));
    for (String name : List.of("config.json", "model.safetensors")) {
      Path copy = target.resolve(name);
      Files.copy(MeshUnderTest.golden(golden).resolve(name), copy);
      copy.toFile().setWritable(true);
    }
    return target;
  }
}
