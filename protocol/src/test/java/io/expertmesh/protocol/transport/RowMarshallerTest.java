package io.expertmesh.protocol.transport;

import static io.expertmesh.protocol.transport.RowMessages.expertRequest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.expertmesh.protocol.core.RowLimits;
import io.expertmesh.protocol.transport.RowMessages.Kind;
import io.expertmesh.protocol.v1.DType;
import io.expertmesh.protocol.v1.ExpertRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RowMarshallerTest {
  private static final int[][] SHAPES = {
    {0, 7}, {1, 1}, {1, 3}, {3, 5}, {7, 64}, {33, 129}, {2, 5000}
  };

  private final RowFallbacks fallbacks = new RowFallbacks();

  static Iterable<Kind<?>> kinds() {
    return RowMessages.kinds();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  <H extends Message> void generatedCodeReadsWhatWeWrite(Kind<H> kind)
      throws InvalidProtocolBufferException {
    Random random = new Random(1);
    for (DType dtype : new DType[] {DType.DTYPE_F32, DType.DTYPE_BF16}) {
      for (int[] shape : SHAPES) {
        H header = kind.header().make(random, shape[0], shape[1], dtype);
        float[] rows = RowMessages.rows(random, shape[0] * shape[1], dtype);
        byte[] bytes =
            RowMessages.written(kind.marshaller().apply(fallbacks), RowMessage.of(header, rows));

        H expected = kind.withRows().apply(header, RowMessages.payload(rows, dtype));
        assertThat(header.getParserForType().parseFrom(bytes)).isEqualTo(expected);
        assertThat(bytes).isEqualTo(expected.toByteArray());
      }
    }
    assertThat(fallbacks.total()).isZero();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  <H extends Message> void weReadWhatGeneratedCodeWrites(Kind<H> kind) {
    Random random = new Random(2);
    for (DType dtype : new DType[] {DType.DTYPE_F32, DType.DTYPE_BF16}) {
      for (int[] shape : SHAPES) {
        H header = kind.header().make(random, shape[0], shape[1], dtype);
        float[] rows = RowMessages.rows(random, shape[0] * shape[1], dtype);
        byte[] bytes =
            kind.withRows().apply(header, RowMessages.payload(rows, dtype)).toByteArray();

        RowMessage<H> read = kind.marshaller().apply(fallbacks).parse(new Pieces(bytes));

        assertThat(read.header()).isEqualTo(header);
        assertThat(values(read)).isEqualTo(rows);
      }
    }
    assertThat(fallbacks.total()).isZero();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  <H extends Message> void buffersMayBeSplitAnywhere(Kind<H> kind) {
    Random random = new Random(3);
    for (DType dtype : new DType[] {DType.DTYPE_F32, DType.DTYPE_BF16}) {
      H header = kind.header().make(random, 3, 5, dtype);
      float[] rows = RowMessages.rows(random, 15, dtype);
      byte[] bytes = kind.withRows().apply(header, RowMessages.payload(rows, dtype)).toByteArray();
      RowMarshaller<H> marshaller = kind.marshaller().apply(fallbacks);
      for (int first = 1; first < bytes.length; first++) {
        for (int second = first; second < Math.min(first + 6, bytes.length); second++) {
          RowMessage<H> read = marshaller.parse(new Pieces(bytes, first, second));
          assertThat(read.header()).isEqualTo(header);
          assertThat(values(read)).isEqualTo(rows);
        }
      }
      int[] everywhere = new int[bytes.length];
      Arrays.setAll(everywhere, i -> i);
      assertThat(values(marshaller.parse(new Pieces(bytes, everywhere)))).isEqualTo(rows);
    }
    assertThat(fallbacks.total()).isZero();
  }

  @Test
  void onlyTheNamedPartOfTheArrayTravels() throws InvalidProtocolBufferException {
    ExpertRequest header = expertRequest(new Random(4), 2, 3, DType.DTYPE_F32);
    float[] array = {9, 9, 1, 2, 3, 4, 5, 6, 9};
    byte[] bytes =
        RowMessages.written(
            RowServices.expertRequests(fallbacks), new RowMessage<>(header, array, 2, 6));

    assertThat(ExpertRequest.parseFrom(bytes).getRows())
        .isEqualTo(RowMessages.payload(new float[] {1, 2, 3, 4, 5, 6}, DType.DTYPE_F32));
  }

  @Test
  void floatsAreRoundedToTheNearestBf16AndTiesToEven() {
    float[] in = {
      1.0f,
      Float.intBitsToFloat(0x3f808000), // halfway, lower neighbour is even
      Float.intBitsToFloat(0x3f818000), // halfway, upper neighbour is even
      Float.intBitsToFloat(0x3f808001),
      Float.intBitsToFloat(0xbf807fff),
      Float.MAX_VALUE,
      Float.NEGATIVE_INFINITY,
      -0.0f,
      Float.intBitsToFloat(0x7f800001), // a NaN whose payload would be cut off
    };
    int[] expected = {
      0x3f800000,
      0x3f800000,
      0x3f820000,
      0x3f810000,
      0xbf800000,
      0x7f800000,
      0xff800000,
      0x80000000,
      0x7fc00000
    };
    ExpertRequest header =
        ExpertRequest.newBuilder()
            .setRowCount(1)
            .setWidth(in.length)
            .setDtype(DType.DTYPE_BF16)
            .build();
    RowMarshaller<ExpertRequest> marshaller = RowServices.expertRequests(fallbacks);

    float[] out =
        marshaller
            .parse(new Pieces(RowMessages.written(marshaller, RowMessage.of(header, in))))
            .rows();

    for (int i = 0; i < in.length; i++) {
      assertThat(Float.floatToRawIntBits(out[i])).as("element %s", i).isEqualTo(expected[i]);
    }
  }

  @Test
  void aTransportThatOnlyReadsGetsTheSameBytesAndIsCounted() throws IOException {
    ExpertRequest header = expertRequest(new Random(5), 5, 7, DType.DTYPE_BF16);
    float[] rows = RowMessages.rows(new Random(5), 35, DType.DTYPE_BF16);
    RowMarshaller<ExpertRequest> marshaller = RowServices.expertRequests(fallbacks);

    byte[] read = marshaller.stream(RowMessage.of(header, rows)).readAllBytes();

    assertThat(read).isEqualTo(RowMessages.written(marshaller, RowMessage.of(header, rows)));
    assertThat(fallbacks.count(RowFallbacks.Reason.NOT_DRAINED)).isOne();
    // Its stream knows the length but has no buffers.
    assertThat(values(marshaller.parse(marshaller.stream(RowMessage.of(header, rows)))))
        .isEqualTo(rows);
    assertThat(fallbacks.count(RowFallbacks.Reason.NO_BYTE_BUFFERS)).isOne();
  }

  @Test
  void aStreamOfUnknownLengthIsReadAndCounted() {
    ExpertRequest header = expertRequest(new Random(6), 5, 7, DType.DTYPE_F32);
    float[] rows = RowMessages.rows(new Random(6), 35, DType.DTYPE_F32);
    RowMarshaller<ExpertRequest> marshaller = RowServices.expertRequests(fallbacks);
    byte[] bytes = RowMessages.written(marshaller, RowMessage.of(header, rows));

    assertThat(values(marshaller.parse(new ByteArrayInputStream(bytes)))).isEqualTo(rows);
    assertThat(fallbacks.count(RowFallbacks.Reason.LENGTH_UNKNOWN)).isOne();
  }

  @Test
  void fieldsAfterTheRowsAreLegalAndCounted() {
    Random random = new Random(7);
    ExpertRequest header = expertRequest(random, 4, 3, DType.DTYPE_F32);
    float[] rows = RowMessages.rows(random, 12, DType.DTYPE_F32);
    byte[] rowsOnly =
        ExpertRequest.newBuilder()
            .setRows(RowMessages.payload(rows, DType.DTYPE_F32))
            .build()
            .toByteArray();
    byte[] bytes = ByteString.copyFrom(rowsOnly).concat(header.toByteString()).toByteArray();

    RowMessage<ExpertRequest> read = RowServices.expertRequests(fallbacks).parse(new Pieces(bytes));

    assertThat(read.header()).isEqualTo(header);
    assertThat(values(read)).isEqualTo(rows);
    assertThat(fallbacks.count(RowFallbacks.Reason.ROWS_NOT_LAST)).isOne();
  }

  @Test
  void aMessageWithoutRowsIsAMessage() {
    ExpertRequest header = ExpertRequest.newBuilder().setCallId(9).build();
    RowMarshaller<ExpertRequest> marshaller = RowServices.expertRequests(fallbacks);

    RowMessage<ExpertRequest> read =
        marshaller.parse(new Pieces(RowMessages.written(marshaller, RowMessage.of(header))));

    assertThat(read.header()).isEqualTo(header);
    assertThat(read.length()).isZero();
  }

  @Test
  void aPayloadThatContradictsItsHeaderIsRefusedOnBothSides() {
    ExpertRequest header = expertRequest(new Random(8), 2, 3, DType.DTYPE_F32);
    RowMarshaller<ExpertRequest> marshaller = RowServices.expertRequests(fallbacks);
    ExpertRequest lying = header.toBuilder().setRows(ByteString.copyFrom(new byte[23])).build();

    assertInvalid(
        () -> marshaller.stream(RowMessage.of(header, new float[5])),
        "ExpertRequest.rows has 20 bytes");
    assertInvalid(
        () -> marshaller.parse(new Pieces(lying.toByteArray())),
        "ExpertRequest.rows has 23 bytes, but row_count 2 × width 3 × 4");
    assertInvalid(
        () ->
            marshaller.parse(new Pieces(lying.toBuilder().setDtypeValue(77).build().toByteArray())),
        "dtype");
    assertInvalid(
        () -> marshaller.parse(new Pieces(lying.toBuilder().clearDtype().build().toByteArray())),
        "dtype is not set");
    assertInvalid(
        () ->
            marshaller.parse(
                new Pieces(header.toBuilder().setRowCount(-1).setWidth(-1).build().toByteArray())),
        "row_count 4294967295");
  }

  @Test
  void payloadsOfOneMebibyteTravelAndLargerOnesAreRefused() {
    int width = 1024;
    int most = RowLimits.maxRows(width, Float.BYTES);
    ExpertRequest header =
        ExpertRequest.newBuilder()
            .setRowCount(most)
            .setWidth(width)
            .setDtype(DType.DTYPE_F32)
            .build();
    ExpertRequest larger = header.toBuilder().setRowCount(most + 1).build();
    float[] rows = RowMessages.rows(new Random(9), most * width, DType.DTYPE_F32);
    float[] more = new float[(most + 1) * width];
    RowMarshaller<ExpertRequest> marshaller = RowServices.expertRequests(fallbacks);

    byte[] bytes = RowMessages.written(marshaller, RowMessage.of(header, rows));
    assertThat(values(marshaller.parse(new Pieces(bytes)))).isEqualTo(rows);
    assertInvalid(() -> marshaller.stream(RowMessage.of(larger, more)), "the limit is 1048576");
    byte[] tooLarge =
        larger.toBuilder()
            .setRows(RowMessages.payload(more, DType.DTYPE_F32))
            .build()
            .toByteArray();
    assertInvalid(() -> marshaller.parse(new Pieces(tooLarge)), "the limit is 1048576");
    assertInvalid(() -> marshaller.parse(new Pieces(new byte[2 << 20])), "that a message may have");
  }

  @Test
  void aMessageCutShortNeverHasRows() {
    ExpertRequest header = expertRequest(new Random(10), 3, 2, DType.DTYPE_F32);
    RowMarshaller<ExpertRequest> marshaller = RowServices.expertRequests(fallbacks);
    byte[] bytes = RowMessages.written(marshaller, RowMessage.of(header, new float[6]));
    for (int size = 1; size < bytes.length; size++) {
      byte[] cut = Arrays.copyOf(bytes, size);
      // Cut between two fields it is a legal message, but never one with rows.
      assertRefusedOrEmpty(marshaller, cut);
    }
  }

  @Test
  void garbageNeverDoesMoreThanBeRefused() {
    long seed = 20261122;
    Random random = new Random(seed);
    System.out.println("garbage seed " + seed);
    RowMarshaller<ExpertRequest> marshaller = RowServices.expertRequests(fallbacks);
    ExpertRequest header = expertRequest(random, 3, 4, DType.DTYPE_BF16);
    byte[] good = RowMessages.written(marshaller, RowMessage.of(header, new float[12]));
    int refused = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes;
      if (round % 2 == 0) {
        bytes = new byte[random.nextInt(60)];
        random.nextBytes(bytes);
      } else {
        bytes = good.clone();
        for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
      }
      try {
        RowMessage<ExpertRequest> read =
            marshaller.parse(new Pieces(bytes, random.nextInt(bytes.length + 1)));
        assertThat(read.length()).isEqualTo(read.header().getRowCount() * read.header().getWidth());
      } catch (StatusRuntimeException e) {
        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(e.getStatus().getDescription()).startsWith("ExpertRequest");
        refused++;
      }
    }
    assertThat(refused).as("seed %s", seed).isBetween(10_000, 19_999);
  }

  private static float[] values(RowMessage<?> message) {
    return Arrays.copyOfRange(
        message.rows(), message.offset(), message.offset() + message.length());
  }

  private static void assertRefusedOrEmpty(RowMarshaller<ExpertRequest> marshaller, byte[] bytes) {
    try {
      assertThat(marshaller.parse(new Pieces(bytes)).length()).isZero();
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }
  }

  private static void assertInvalid(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String sentence) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT))
        .hasMessageContaining(sentence);
  }
}
