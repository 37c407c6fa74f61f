package io.expertmesh.model.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.model.core.ByteRanges.Range;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.WeightMatrix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How stored values become matrices: parts, transposed stacks, blocks of 8 and of 4 bits. */
class FormatsTest {
  private static final ModelSpec ANY = anySpec();

  private final Path dir;

  FormatsTest(@TempDir Path dir) {
    this.dir = dir;
  }

  @Test
  void mxfp4BlocksHaveTheirKnownValues() {
    byte[] blocks = new byte[16];
    blocks[0] = 0x21;
    blocks[1] = (byte) 0xf7;
    blocks[2] = (byte) 0x8a;
    double[][] values = mxfp4(blocks, new byte[] {(byte) 130}, 1, 32);
    assertThat(Arrays.copyOf(values[0], 6)).containsExactly(4, 8, 48, -48, -8, -0.0);
    assertThat(Arrays.stream(values[0]).skip(6)).containsOnly(0.0);
  }

  @Test
  void mxfp4DecodesEveryValueAtEveryExponentExactly() {
    double[] magnitudes = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
    byte[] blocks = new byte[256 * 16];
    byte[] scales = new byte[256];
    for (int row = 0; row < 256; row++) {
      scales[row] = (byte) row;
      for (int i = 0; i < 16; i++) {
        blocks[row * 16 + i] = (byte) (i | (15 - i) << 4);
      }
    }
    double[][] values = mxfp4(blocks, scales, 256, 32);
    for (int row = 0; row < 255; row++) {
      for (int i = 0; i < 32; i++) {
        int nibble = i % 2 == 0 ? i / 2 : 15 - i / 2;
        double exact = magnitudes[nibble & 7] * Math.pow(2, row - 127) * (nibble < 8 ? 1 : -1);
        float expected = (float) exact;
        assertThat((float) values[row][i]).as("row %s, %s", row, i).isEqualTo(expected);
      }
    }
    assertThat(values[255]).containsOnly(Double.NaN);
  }

  @Test
  void everySecondRowOfEverySliceOfMxfp4IsItsOwn() {
    Random random = new Random(5);
    byte[] blocks = new byte[3 * 6 * 2 * 16];
    byte[] scales = new byte[3 * 6 * 2];
    random.nextBytes(blocks);
    for (int i = 0; i < scales.length; i++) {
      scales[i] = (byte) (120 + random.nextInt(15));
    }
    try (TensorFiles files =
        files(
            source("b", TensorType.U8, List.of(3L, 6L, 2L, 16L), blocks),
            source("s", TensorType.U8, List.of(3L, 6L, 2L), scales))) {
      TensorCatalog.Stack stack =
          new TensorCatalog(files, new Quantization.None()).mxfp4("b", "s", 3, 6, 64);
      for (int slice = 0; slice < 3; slice++) {
        double[][] all = decode(files, stack.slice(slice), DType.BF16);
        double[][] odd = decode(files, stack.rows(slice, 1, 2, 3), DType.BF16);
        assertThat(odd).isDeepEqualTo(new double[][] {all[1], all[3], all[5]});
        byte[] own = Arrays.copyOfRange(blocks, slice * 192, (slice + 1) * 192);
        byte[] ownScales = Arrays.copyOfRange(scales, slice * 12, (slice + 1) * 12);
        assertThat(all).isDeepEqualTo(mxfp4(own, ownScales, 6, 64));
      }
      assertThatThrownBy(() -> decode(files, stack.rows(0, 2, 2, 3), DType.BF16))
          .hasMessageContaining("does not hold slice 0, 3 rows of 64 from row 2");
    }
  }

  @Test
  void fp8HasItsKnownValues() {
    byte[] bytes = {0x01, 0x07, 0x08, 0x38, 0x7e, (byte) 0xfe, 0x00, (byte) 0x80, 0x7f, 0x3c};
    double[][] values = fp8(bytes, new float[] {2}, 1, 10, 1, 16);
    double[] expected = {
      2 * Math.pow(2, -9),
      14 * Math.pow(2, -9),
      2 * Math.pow(2, -6),
      2,
      896,
      -896,
      0,
      -0.0,
      Double.NaN,
      3
    };
    assertThat(values[0]).containsExactly(expected);
  }

  @Test
  void fp8MultipliesEachBlockByItsFactor() {
    byte[] bytes = new byte[5 * 7];
    Arrays.fill(bytes, (byte) 0x38);
    float[] factors = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    double[][] values = fp8(bytes, factors, 5, 7, 2, 3);
    for (int r = 0; r < 5; r++) {
      for (int c = 0; c < 7; c++) {
        assertThat(values[r][c]).isEqualTo(factors[r / 2 * 3 + c / 3]);
      }
    }
  }

  @Test
  void aStackOfFp8HasFactorsOfItsOwnPerSlice() {
    byte[] bytes = new byte[2 * 4 * 4];
    Arrays.fill(bytes, (byte) 0x38);
    float[] factors = {1, 2, 3, 4, 5, 6, 7, 8};
    try (TensorFiles files =
        files(
            source("w", TensorType.F8_E4M3, List.of(2L, 4L, 4L), bytes),
            source("w_scale_inv", TensorType.F32, List.of(2L, 2L, 2L), bytes(factors)))) {
      TensorCatalog catalog = new TensorCatalog(files, new Quantization.Fp8(2, 2));
      TensorRef lower = catalog.stack("w", 2, 4, 4).rows(1, 2, 1, 2);
      assertThat(decode(files, lower, DType.F32))
          .isDeepEqualTo(new double[][] {{7, 7, 8, 8}, {7, 7, 8, 8}});
    }
  }

  @Test
  void fp8WithoutItsConfigOrItsFactorsIsRefused() {
    TensorSource weights = source("w", TensorType.F8_E4M3, List.of(2L, 2L), new byte[4]);
    try (TensorFiles files = files(weights)) {
      assertThatThrownBy(() -> new TensorCatalog(files, new Quantization.None()).matrix("w", 2, 2))
          .hasMessageEndingWith("is of type F8_E4M3, supported are F32, BF16 and F16.");
      TensorCatalog catalog = new TensorCatalog(files, new Quantization.Fp8(128, 128));
      assertThatThrownBy(() -> catalog.matrix("w", 2, 2))
          .hasMessageEndingWith("'w_scale_inv': is missing from the checkpoint.");
    }
  }

  @Test
  void inputMajorStacksAreReadAsTheyLieOrByColumns() {
    for (TensorType type : List.of(TensorType.F32, TensorType.BF16)) {
      // slice s, input c, output r: the value 100 s + 10 c + r, which bf16 holds
      ByteBuffer data =
          ByteBuffer.allocate(2 * 3 * 4 * type.bits() / 8).order(ByteOrder.LITTLE_ENDIAN);
      for (int s = 0; s < 2; s++) {
        for (int c = 0; c < 3; c++) {
          for (int r = 0; r < 4; r++) {
            int bits = Float.floatToRawIntBits(100 * s + 10 * c + r);
            if (type == TensorType.F32) {
              data.putInt(bits);
            } else {
              data.putShort((short) (bits >>> 16));
            }
          }
        }
      }
      DType dtype = type.kernelType().orElseThrow();
      try (TensorFiles files = files(source("w", type, List.of(2L, 3L, 4L), data.array()))) {
        TensorCatalog.Stack stack =
            new TensorCatalog(files, new Quantization.None()).transposedStack("w", 2, 4, 3);
        assertThat(decode(files, stack.slice(1), dtype))
            .isDeepEqualTo(
                new double[][] {
                  {100, 110, 120}, {101, 111, 121}, {102, 112, 122}, {103, 113, 123}
                });
        assertThat(decode(files, stack.rows(1, 1, 2, 2), dtype))
            .isDeepEqualTo(new double[][] {{101, 111, 121}, {103, 113, 123}});
        assertThat(decode(files, stack.rows(0, 2, 1, 2), dtype))
            .isDeepEqualTo(new double[][] {{2, 12, 22}, {3, 13, 23}});
        assertThatThrownBy(() -> decode(files, stack.rows(0, 3, 2, 2), dtype))
            .hasMessageContaining("does not hold");
      }
    }
  }

  @Test
  void everySecondRowAndEverySecondBiasAreTakenFromStacks() {
    float[] values = new float[2 * 4 * 3];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    try (TensorFiles files =
        files(
            source("w", TensorType.F32, List.of(2L, 4L, 3L), bytes(values)),
            source("b", TensorType.F32, List.of(2L, 12L), bytes(values)))) {
      TensorCatalog catalog = new TensorCatalog(files, new Quantization.None());
      TensorRef odd = catalog.stack("w", 2, 4, 3).rows(1, 1, 2, 2);
      assertThat(decode(files, odd, DType.F32))
          .isDeepEqualTo(new double[][] {{15, 16, 17}, {21, 22, 23}});
      TensorCatalog.Stack biases = catalog.vectors("b", 2, 12);
      StoredTensor stored = files.get("b");
      assertThat(PlainTensors.vector(stored, biases.rows(1, 1, 2, 6)))
          .containsExactly(13, 15, 17, 19, 21, 23);
      assertThat(PlainTensors.vector(stored, biases.slice(0))).hasSize(12).startsWith(0, 1);
      assertThatThrownBy(() -> PlainTensors.vector(stored, biases.rows(2, 0, 1, 12)))
          .hasMessageContaining("does not hold slice 2");
      assertThatThrownBy(() -> PlainTensors.vector(stored, biases.rows(0, 1, 2, 7)))
          .hasMessageContaining("does not hold slice 0");
    }
  }

  private double[][] mxfp4(byte[] blocks, byte[] scales, int rows, int columns) {
    long perRow = columns / 32;
    try (TensorFiles files =
        files(
            source("b", TensorType.U8, List.of(1L, (long) rows, perRow, 16L), blocks),
            source("s", TensorType.U8, List.of(1L, (long) rows, perRow), scales))) {
      TensorCatalog catalog = new TensorCatalog(files, new Quantization.None());
      return decode(files, catalog.mxfp4("b", "s", 1, rows, columns).slice(0), DType.BF16);
    }
  }

  private double[][] fp8(
      byte[] bytes, float[] factors, int rows, int columns, int blockRows, int blockColumns) {
    long down = Math.ceilDiv(rows, blockRows);
    long across = Math.ceilDiv(columns, blockColumns);
    try (TensorFiles files =
        files(
            source("w", TensorType.F8_E4M3, List.of((long) rows, (long) columns), bytes),
            source("w_scale_inv", TensorType.F32, List.of(down, across), bytes(factors)))) {
      var catalog = new TensorCatalog(files, new Quantization.Fp8(blockRows, blockColumns));
      return decode(files, catalog.matrix("w", rows, columns), DType.F32);
    }
  }

  /** The values of a reference, of which those bytes suffice that a plan to fetch them names. */
  private static double[][] decode(TensorFiles files, TensorRef ref, DType expected) {
    double[][] values = read(files, ref, expected);
    List<Range> reads = new ArrayList<>();
    FetchPlan.reads(files, ref, (_, range) -> reads.add(range));
    // NaN is equal to itself here
    assertThat(Arrays.deepEquals(partly(files, reads, ref, expected), values)).isTrue();
    Range last = reads.removeLast();
    if (last.bytes() > 1) {
      reads.add(new Range(last.from(), last.to() - 1));
    }
    assertThatThrownBy(() -> partly(files, reads, ref, expected))
        .hasMessageContaining("has not been fetched");
    return values;
  }

  /** The same from a file that claims to have its header and these bytes only. */
  private static double[][] partly(
      TensorFiles whole, List<Range> present, TensorRef ref, DType expected) {
    Path record = whole.source().resolveSibling(TensorFiles.SINGLE + ".fetched");
    try (SafetensorsFile file = SafetensorsFile.open(whole.source())) {
      List<Range> all = new ArrayList<>(present);
      all.add(new Range(0, file.dataStart()));
      String ranges =
          ByteRanges.of(all).ranges().stream()
              .map(range -> range.from() + "," + range.to())
              .collect(Collectors.joining(","));
      Files.writeString(
          record, "{\"source\":\"s\",\"version\":\"v\",\"length\":1,\"ranges\":[" + ranges + "]}");
      try (TensorFiles partial = TensorFiles.open(record.resolveSibling("."))) {
        return read(partial, ref, expected);
      } finally {
        Files.delete(record);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The values of a reference, whose copy must not outlive its arena. */
  private static double[][] read(TensorFiles files, TensorRef ref, DType expected) {
    MappedCheckpoint checkpoint = new MappedCheckpoint(ANY, "test", 0, files);
    try (Arena arena = Arena.ofConfined()) {
      WeightMatrix matrix = checkpoint.matrix(ref, arena);
      assertThat(matrix.dtype()).isEqualTo(expected);
      assertThat(checkpoint.dtype(ref)).isEqualTo(expected);
      return ReferenceWeights.widen(matrix);
    }
  }

  private static ModelSpec anySpec() {
    try (Checkpoint golden = Checkpoints.open(GoldenCheckpointTest.GOLDEN.resolve("llama-dense"))) {
      return golden.spec();
    }
  }

  private static TensorSource source(String name, TensorType type, List<Long> shape, byte[] data) {
    return EditedCheckpoint.source(name, type, shape, MemorySegment.ofArray(data));
  }

  private static byte[] bytes(float[] values) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      buffer.putFloat(value);
    }
    return buffer.array();
  }

  private TensorFiles files(TensorSource... tensors) {
    try {
      Path own = Files.createTempDirectory(dir, "files");
      ShardWriter.write(own, List.of(tensors), Long.MAX_VALUE);
      return TensorFiles.open(own);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
