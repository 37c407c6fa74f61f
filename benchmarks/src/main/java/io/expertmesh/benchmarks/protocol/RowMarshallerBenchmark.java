package io.expertmesh.benchmarks.protocol;

import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.DType;
import io.expertmesh.protocol.v1.RoutedRequest;
import io.grpc.Drainable;
import java.io.IOException;
import java.io.InputStream;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Writing and reading one message of 32 rows of 1024 values: float arrays to network bytes and
 * back.
 *
 * <pre>
 * benchmarks/run jmh RowMarshallerBenchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // prepare() comes before any measurement
public class RowMarshallerBenchmark {
  private static final int ROWS = 32;
  private static final int WIDTH = 1024;

  /** Element type on the wire. */
  @Param({"DTYPE_BF16", "DTYPE_F32"})
  public DType dtype;

  private RowMessage<RoutedRequest> message;
  private OverwritingStream out;
  private NetworkBytes in;

  /** Makes a message and its bytes. */
  @Setup
  public void prepare() throws IOException {
    RoutedRequest.Builder header =
        RoutedRequest.newBuilder()
            .setCallId(10_000)
            .setRowCount(ROWS)
            .setWidth(WIDTH)
            .setDtype(dtype)
            .setTimeoutMicros(10_000_000);
    SplittableRandom random = new SplittableRandom(42);
    float[] rows = new float[ROWS * WIDTH];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) random.nextGaussian();
    }
    for (int row = 0; row < ROWS; row++) {
      header.addTokenIds(random.nextInt(30_000)).addGroups(row);
    }
    message = RowMessage.of(header.build(), rows);
    try (InputStream stream = RowServices.ROUTE.streamRequest(message)) {
      byte[] bytes = new byte[stream.available()];
      out = new OverwritingStream(bytes.length);
      in = new NetworkBytes(stream.readAllBytes());
    }
  }

  /** Float array to bytes; returns how many. */
  @Benchmark
  public int encode() throws IOException {
    out.rewind();
    try (InputStream stream = RowServices.ROUTE.streamRequest(message)) {
      return ((Drainable) stream).drainTo(out);
    }
  }

  /** Bytes to a float array. */
  @Benchmark
  public RowMessage<RoutedRequest> decode() {
    in.rewind();
    return RowServices.ROUTE.parseRequest(in);
  }
}
