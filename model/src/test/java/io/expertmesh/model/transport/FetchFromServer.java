package io.expertmesh.model.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.model.core.ByteRanges.Range;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.CheckpointException;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.RandomCheckpoint;
import io.expertmesh.model.core.RandomShape;
import io.expertmesh.model.core.TensorNeeds;
import io.expertmesh.model.core.TensorRef;
import io.expertmesh.model.kernel.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.DoubleConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A checkpoint on a server that counts and that can be made to misbehave, and what is fetched of
 * it.
 */
@Timeout(120)
abstract class FetchFromServer {
  static final Patience PATIENCE =
      new Patience(4, Duration.ofMillis(1), Duration.ofMillis(4), Duration.ofMillis(500));
  static final TensorNeeds SECOND_EXPERT = spec -> experts(spec, 1, 2);

  @TempDir static Path shared;

  /** 6 experts of 1.5 MiB each, in several files. */
  static Path model;

  @TempDir Path folder;
  Path local;
  WeightServer server;

  @BeforeAll
  static void write() throws IOException {
    model = shared.resolve("model");
    RandomCheckpoint.write(
        model, new RandomShape(1, 256, 512, 6, 2, 4, 4, 64, 512, 64, DType.F32, 7), 4L << 20);
    Files.writeString(model.resolve("tokenizer.json"), "{\"model\": {}}");
  }

  @BeforeEach
  void start() throws IOException {
    server = new WeightServer(model);
    local = folder.resolve("local");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  void fetch(TensorNeeds needs) {
    fetch(needs, done -> {});
  }

  void fetch(TensorNeeds needs, DoubleConsumer progress) {
    CheckpointFetch.weights(server.url(), local, needs, progress, PATIENCE);
  }

  void assertRefused(String sentence) {
    assertThatThrownBy(() -> fetch(SECOND_EXPERT))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(sentence);
  }

  void assertComplete() {
    try (Checkpoint whole = Checkpoints.open(model, "m");
        Checkpoint part = Checkpoints.open(local, "m")) {
      assertThat(part.weightsVersion()).isEqualTo(whole.weightsVersion());
      for (TensorRef ref : SECOND_EXPERT.of(whole.spec())) {
        assertSameBits(whole, part, ref);
      }
    }
  }

  void assertNothingIsTakenForComplete() {
    assertThatThrownBy(
            () -> {
              try (Checkpoint part = Checkpoints.open(local, "m")) {
                SECOND_EXPERT.of(part.spec()).forEach(part::matrix);
              }
            })
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("has not been fetched");
  }

  static void assertSameBits(Checkpoint whole, Checkpoint part, TensorRef ref) {
    if (ref.columns() == 1) {
      assertThat(part.vector(ref)).as(ref.tensor()).isEqualTo(whole.vector(ref));
    } else {
      assertThat(part.matrix(ref).data().mismatch(whole.matrix(ref).data()))
          .as(ref.tensor())
          .isEqualTo(-1);
    }
  }

  static List<TensorRef> experts(ModelSpec spec, int from, int to) {
    return spec.routedLayers().stream()
        .map(layer -> spec.routed(layer).orElseThrow().experts())
        .flatMap(
            all ->
                IntStream.range(from, Math.min(to, all.size()))
                    .boxed()
                    .flatMap(e -> TensorNeeds.expert(all.get(e)).stream()))
        .toList();
  }

  static WeightServer.Fault only(String path, WeightServer.Fault fault) {
    return (exchange, asked, range) ->
        (asked + " ").endsWith(path) && fault.answer(exchange, asked, range);
  }

  /** What is asked for of a safetensors file; of others nothing to speak of. */
  static Range range(String header, String path) throws IOException {
    if (header.isEmpty()) {
      return new Range(0, 1);
    }
    Range asked = range(path + " " + header);
    return new Range(asked.from(), Math.min(asked.to(), Files.size(model.resolve(path))));
  }

  static Range range(String asked) {
    int at = asked.indexOf("bytes=");
    if (at < 0) {
      return new Range(0, 1);
    }
    String[] ends = asked.substring(at + 6).split("-");
    return new Range(Long.parseLong(ends[0]), Long.parseLong(ends[1]) + 1);
  }

  static String shifted(String asked, long bytes) {
    Range range = range(asked);
    int at = asked.indexOf("bytes=");
    return at < 0
        ? ""
        : asked.substring(0, at) + "bytes=" + (range.from() + bytes) + "-" + (range.to() - 1);
  }

  static void addSynchronized(List<Double> list, double value) {
    synchronized (list) {
      list.add(value);
    }
  }

  static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static long size(Path dir) {
    try (Stream<Path> files = Files.list(dir)) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
