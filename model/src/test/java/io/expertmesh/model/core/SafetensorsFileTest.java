package io.expertmesh.model.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFileTest {
  private final Path file;

  SafetensorsFileTest(@TempDir Path dir) {
    file = dir.resolve("model.safetensors");
  }

  @Test
  void aFileShorterThanItsLengthPrefixIsRefused() throws IOException {
    Files.write(file, new byte[7]);
    refused("has 7 bytes, a safetensors file has at least 8");
  }

  @Test
  void aMissingFileAndADirectoryAreRefused() throws IOException {
    refused("the file is missing");
    Files.createDirectory(file);
    refused("is not a regular file");
  }

  @Test
  void aHeaderLargerThanTheFormatAllowsIsRefusedBeforeItIsAllocated() {
    RawSafetensors.write(file, 100_000_001, "{}".getBytes(StandardCharsets.UTF_8), 0);
    refused("its header claims 100000001 bytes, at most 100000000 are allowed");
    RawSafetensors.write(file, -1, "{}".getBytes(StandardCharsets.UTF_8), 0);
    refused("its header claims 18446744073709551615 bytes, at most 100000000 are allowed");
  }

  @Test
  void aHeaderLongerThanTheFileIsRefused() {
    RawSafetensors.write(file, 99_999_999, "{}".getBytes(StandardCharsets.UTF_8), 0);
    refused("its header claims 99999999 bytes, only 2 follow the length");
  }

  @Test
  void aHeaderMustBeginWithABrace() {
    refusedHeader(" {}", "its header must begin with '{'");
    refusedHeader("", "its header must begin with '{'");
    refusedHeader("[]", "its header must begin with '{'");
    refusedHeader("\uFEFF{}", "its header must begin with '{'");
  }

  @Test
  void onlySpacesMayFollowTheHeader() {
    assertThat(open("{}   ").names()).isEmpty();
    refusedHeader("{}\0\0", "its header must end with '}', after which only spaces may stand");
    refusedHeader("{}\n", "its header must end with '}', after which only spaces may stand");
    refusedHeader("{} {}", "its header holds more than one JSON object");
  }

  @Test
  void invalidUtf8IsRefused() {
    for (byte[] bad :
        List.of(
            new byte[] {'{', '"', (byte) 0xC0, (byte) 0xAF, '"', ':', '1', '}'},
            new byte[] {'{', '"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"', ':', '1', '}'},
            new byte[] {'{', '"', (byte) 0xFF, '"', ':', '1', '}'})) {
      RawSafetensors.write(file, bad.length, bad, 0);
      refused("its JSON is not valid UTF-8");
    }
  }

  @Test
  void brokenJsonIsRefusedWithItsPlace() {
    RawSafetensors.write(file, "{\"a\": nonsense}", 0);
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(file + ": its JSON is invalid: ")
        .hasMessageEndingWith("(line 1, column 7).");
  }

  @Test
  void jsonOfGreatDepthIsRefused() {
    String deep = "[".repeat(10_000) + "]".repeat(10_000);
    RawSafetensors.write(file, "{\"a\":" + deep + "}", 0);
    refusedStarting(", tensor 'a': its entry must be an object");
    String entry = "{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"extra\":" + deep + "}";
    RawSafetensors.write(file, "{\"a\":" + entry + "}", 1);
    refusedStarting(": its JSON is invalid: ");
  }

  @Test
  void duplicateKeysAreRefused() {
    String entry = entry("U8", "[1]", 0, 1);
    RawSafetensors.write(file, "{\"a\":" + entry + ",\"a\":" + entry + "}", 1);
    refusedStarting(": its JSON is invalid: Duplicate Object property \"a\"");
    RawSafetensors.write(
        file,
        "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
        1);
    refusedStarting(": its JSON is invalid: Duplicate Object property \"dtype\"");
  }

  @Test
  void entriesMustBeWellFormed() {
    refusedEntry("7", "its entry must be an object");
    refusedEntry("{\"shape\":[1],\"data_offsets\":[0,1]}", "dtype is missing");
    refusedEntry("{\"dtype\":\"U8\",\"data_offsets\":[0,1]}", "shape is missing");
    refusedEntry("{\"dtype\":\"U8\",\"shape\":[1]}", "data_offsets is missing");
    refusedEntry("{\"dtype\":8,\"shape\":[1],\"data_offsets\":[0,1]}", "dtype must be a string");
    refusedEntry(entry("U9", "[1]", 0, 1), "dtype U9 is not one that safetensors defines");
    refusedEntry(
        "{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]}",
        "data_offsets has 3 numbers, must have 2");
  }

  @Test
  void offsetsAndShapesMustBeNonNegativeIntegers() {
    String rule = " must be a list of non-negative integers below 2^63";
    for (String bad : List.of("-1", "1.0", "1e3", "\"1\"", "null", "[1]", "9223372036854775808")) {
      refusedEntry(
          "{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0," + bad + "]}",
          "data_offsets" + rule);
      refusedEntry(entry("U8", "[" + bad + "]", 0, 1), "shape" + rule);
    }
    refusedEntry(entry("U8", "1", 0, 1), "shape" + rule);
    refusedEntry(entry("U8", "[1]", 2, 1), "data_offsets begin at 2, after their end 1");
  }

  @Test
  void tensorsMustTileTheData() {
    String hole = tensors(entry("U8", "[2]", 0, 2), entry("U8", "[2]", 3, 5));
    RawSafetensors.write(file, hole, 5);
    refusedTensor("t1", "data_offsets begin at 3, must begin where the tensor before ends, at 2");
    String overlap = tensors(entry("U8", "[2]", 0, 2), entry("U8", "[2]", 1, 3));
    RawSafetensors.write(file, overlap, 3);
    refusedTensor("t1", "data_offsets begin at 1, must begin where the tensor before ends, at 2");
    RawSafetensors.write(file, tensors(entry("U8", "[2]", 1, 3)), 3);
    refusedTensor("t0", "data_offsets begin at 1, must begin where the tensor before ends, at 0");
    RawSafetensors.write(file, tensors(entry("U8", "[2]", 0, 2)), 1);
    refusedTensor("t0", "data_offsets end at 2, the file has only 1 bytes of data");
    RawSafetensors.write(file, tensors(entry("U8", "[2]", 0, 2)), 3);
    refused("has 3 bytes of data, its tensors cover only 2");
    RawSafetensors.write(file, "{}", 3);
    refused("has 3 bytes of data, its tensors cover only 0");
  }

  @Test
  void sizesMustBeWhatShapesSay() {
    refusedEntry(
        entry("F32", "[2,3]", 0, 20),
        "shape [2, 3] of F32 takes 24 bytes, its data_offsets span 20");
    refusedEntry(
        entry("F32", "[]", 0, 8), "shape [] of F32 takes 4 bytes, its data_offsets span 8");
    refusedEntry(entry("F4", "[3]", 0, 1), "shape [3] of F4 does not fill whole bytes");
    refusedEntry(
        entry("F32", "[4611686018427387904,4]", 0, 0),
        "shape [4611686018427387904, 4] overflows 64 bits");
    refusedEntry(
        entry("F32", "[2305843009213693952]", 0, 0),
        "shape [2305843009213693952] overflows 64 bits");
  }

  @Test
  void scalarsEmptyTensorsAndEmptyFilesAreLegal() {
    String header =
        tensors(
            entry("F32", "[]", 0, 4),
            entry("F32", "[0,7]", 4, 4),
            entry("I64", "[0,9223372036854775807]", 4, 4),
            entry("F4", "[2]", 4, 5));
    RawSafetensors.write(file, header, 5);
    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      assertThat(opened.names()).containsExactly("t0", "t1", "t2", "t3");
      assertThat(opened.floats("t0")).hasSize(1);
      assertThat(opened.floats("t1")).isEmpty();
      assertThat(opened.longs("t2")).isEmpty();
      assertThat(opened.segment("t3").byteSize()).isEqualTo(1);
    }
    assertThat(open("{}").names()).isEmpty();
  }

  @Test
  void extraFieldsAndMetadataAreAccepted() {
    String entry =
        "{\"dtype\":\"U8\",\"extra\":{\"deep\":[1,{}]},\"shape\":[1],\"data_offsets\":[0,1]}";
    RawSafetensors.write(file, "{\"__metadata__\":{\"format\":\"pt\"},\"a\":" + entry + "}", 1);
    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      assertThat(opened.metadata()).isEqualTo(Map.of("format", "pt"));
      assertThat(opened.longs("a")).containsExactly(0);
    }
    RawSafetensors.write(file, "{\"__metadata__\":{\"format\":1}}", 0);
    refusedTensor("__metadata__", "must map strings to strings");
    RawSafetensors.write(file, "{\"__metadata__\":\"pt\"}", 0);
    refusedTensor("__metadata__", "must be an object");
  }

  @Test
  void unalignedDataOfEveryTypeIsRead() throws IOException {
    // a header of odd length and one odd byte put every tensor at an odd address
    ByteBuffer data = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    data.put((byte) 200).putFloat(-1.5f).putShort((short) 0x3FC0).putShort((short) 0x0001);
    data.putDouble(0.25).putLong(-3).putInt(-2).putShort((short) -1).put((byte) -5);
    String header =
        "{\"u8\":"
            + entry("U8", "[1]", 0, 1)
            + ",\"f32\":"
            + entry("F32", "[1]", 1, 5)
            + ",\"bf16\":"
            + entry("BF16", "[1]", 5, 7)
            + ",\"f16\":"
            + entry("F16", "[1]", 7, 9)
            + ",\"f64\":"
            + entry("F64", "[1]", 9, 17)
            + ",\"i64\":"
            + entry("I64", "[1]", 17, 25)
            + ",\"u32\":"
            + entry("U32", "[1]", 25, 29)
            + ",\"i16\":"
            + entry("I16", "[1]", 29, 31)
            + ",\"i8\":"
            + entry("I8", "[1]", 31, 32)
            + "}";
    String odd = header.length() % 2 == 0 ? header + " " : header;
    byte[] json = odd.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + json.length + data.position()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json).put(data.flip());
    Files.write(file, bytes.array());
    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      assertThat(opened.longs("u8")).containsExactly(200);
      assertThat(opened.floats("f32")).containsExactly(-1.5f);
      assertThat(opened.floats("bf16")).containsExactly(1.5f);
      assertThat(opened.floats("f16")).containsExactly(0x1p-24f);
      assertThat(opened.floats("f64")).containsExactly(0.25f);
      assertThat(opened.ints("i64")).containsExactly(-3);
      assertThat(opened.longs("u32")).containsExactly(4294967294L);
      assertThat(opened.longs("i16")).containsExactly(-1);
      assertThat(opened.longs("i8")).containsExactly(-5);
      assertThatThrownBy(() -> opened.floats("i64"))
          .hasMessage(
              file + ", tensor 'i64': is of type I64, which does not hold floating-point numbers.");
      assertThatThrownBy(() -> opened.longs("f32"))
          .hasMessage(file + ", tensor 'f32': is of type F32, which does not hold integers.");
      assertThatThrownBy(() -> opened.floats("none"))
          .hasMessage(file + ", tensor 'none': is not in this file.");
    }
  }

  @Test
  void aTensorBeyondTwoGigabytesIsMapped() throws IOException {
    long big = 3L << 30;
    String header = "{\"big\":" + entry("U8", "[" + big + "]", 0, big) + ",";
    header += "\"after\":" + entry("F32", "[1]", big, big + 4) + "}";
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    RawSafetensors.write(file, json.length, json, 0);
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(8 + json.length + big + 4);
      sparse.seek(8 + json.length + big);
      sparse.write(new byte[] {0, 0, (byte) 0x80, 0x3F});
    }
    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      assertThat(opened.segment("big").byteSize()).isEqualTo(big);
      assertThat(opened.floats("after")).containsExactly(1f);
      assertThatThrownBy(() -> opened.longs("big"))
          .hasMessageEndingWith("has 3221225472 elements, too many for an array.");
    }
  }

  @Test
  void corruptedHeadersAreRefusedOrReadWithinBounds() throws IOException {
    Path golden = GoldenCheckpointTest.GOLDEN.resolve("llama-dense/expected.safetensors");
    byte[] good = Files.readAllBytes(golden);
    int headerEnd = 8 + ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getInt();
    long seed = 20261122;
    System.out.println("corruptedHeadersAreRefusedOrReadWithinBounds: seed " + seed);
    Random random = new Random(seed);
    int refused = 0;
    for (int round = 0; round < 500; round++) {
      byte[] bad = good.clone();
      int damages = 1 + random.nextInt(4);
      for (int i = 0; i < damages; i++) {
        byte value = random.nextBoolean() ? (byte) random.nextInt() : anyJsonByte(random);
        bad[random.nextInt(headerEnd)] = value;
      }
      int length = random.nextInt(8) == 0 ? random.nextInt(bad.length) : bad.length;
      Files.write(file, Arrays.copyOf(bad, length));
      try (SafetensorsFile opened = SafetensorsFile.open(file)) {
        for (String name : opened.names()) {
          assertThat(opened.segment(name).byteSize()).isEqualTo(opened.entry(name).bytes());
        }
      } catch (CheckpointException e) {
        assertThat(e.file()).isEqualTo(file.toString());
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(250);
  }

  private static byte anyJsonByte(Random random) {
    String alphabet = "{}[]\",:0123456789.-eE \\u";
    return (byte) alphabet.charAt(random.nextInt(alphabet.length()));
  }

  private SafetensorsFile open(String header) {
    RawSafetensors.write(file, header, 0);
    SafetensorsFile opened = SafetensorsFile.open(file);
    opened.close();
    return opened;
  }

  private static String entry(String dtype, String shape, long begin, long end) {
    return "{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(dtype, shape, begin, end);
  }

  private static String tensors(String... entries) {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < entries.length; i++) {
      header.append(i == 0 ? "" : ",").append("\"t").append(i).append("\":").append(entries[i]);
    }
    return header.append('}').toString();
  }

  private void refusedHeader(String header, String rule) {
    RawSafetensors.write(file, header, 0);
    refused(rule);
  }

  private void refusedEntry(String entry, String rule) {
    RawSafetensors.write(file, "{\"a\":" + entry + "}", 64);
    refusedTensor("a", rule);
  }

  private void refused(String rule) {
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(file + ": " + rule + ".");
  }

  private void refusedTensor(String tensor, String rule) {
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(file + ", tensor '" + tensor + "': " + rule + ".");
  }

  private void refusedStarting(String rule) {
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(file + rule);
  }
}
