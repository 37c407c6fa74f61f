package io.expertmesh.model.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.model.core.ByteRanges.Range;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.CheckpointException;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.core.FetchPlan;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.RandomCheckpoint;
import io.expertmesh.model.core.RandomShape;
import io.expertmesh.model.core.TensorNeeds;
import io.expertmesh.model.core.TensorRef;
import io.expertmesh.model.kernel.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Over HTTP, from a server that counts and that can be made to misbehave. */
@Timeout(120)
class CheckpointFetchTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final Patience PATIENCE =
      new Patience(4, Duration.ofMillis(1), Duration.ofMillis(4), Duration.ofMillis(500));
  private static final TensorNeeds SECOND_EXPERT = spec -> experts(spec, 1, 2);

  @TempDir private static Path shared;

  /** 6 experts of 1.5 MiB each, in several files. */
  private static Path model;

  @TempDir private Path folder;
  private Path local;
  private WeightServer server;

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

  @Test
  void aShardFetchesItsExpertsAndReadsTheSameBits() {
    List<Double> progress = new ArrayList<>();
    fetch(SECOND_EXPERT, done -> addSynchronized(progress, done));
    long shard = 3 * 256 * 512 * Float.BYTES;
    long plan = FetchPlan.of(model, SECOND_EXPERT).bytes();
    // besides the plan the texts, and of each file a beginning that may be longer than its header
    long beginnings = Checkpoints.tensorFiles(model).size() * (64L << 10);
    long texts = 64 << 10;
    assertThat(plan).isGreaterThan(shard);
    assertThat(server.sent.sum()).isBetween(plan, plan + beginnings + texts);
    // samples of all others, and what lies between them where that is little
    assertThat(server.sent.sum()).isLessThan(size(model) / 3);
    assertThat(progress.getLast()).isEqualTo(1.0);
    try (Checkpoint whole = Checkpoints.open(model, "m");
        Checkpoint part = Checkpoints.open(local, "m")) {
      assertThat(part.weightsVersion()).isEqualTo(whole.weightsVersion());
      assertThat(part.spec()).isEqualTo(whole.spec());
      for (TensorRef ref : SECOND_EXPERT.of(whole.spec())) {
        assertSameBits(whole, part, ref);
      }
      TensorRef other = experts(whole.spec(), 2, 3).getFirst();
      assertThatThrownBy(() -> part.matrix(other))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("experts.2.w1.weight': has not been fetched");
    }
  }

  @Test
  void whatTakesNoRoomOnTheServersSideTakesNoneHere() throws IOException {
    fetch(SECOND_EXPERT);
    FetchPlan plan = FetchPlan.of(model, SECOND_EXPERT);
    assertThat(size(local)).isGreaterThan(size(model));
    assertThat(plan.totalBytes()).isGreaterThan(9L << 20);
    Process du =
        new ProcessBuilder("du", "-s", "--block-size=1", local.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String said = new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    long blocks = Long.parseLong(said.substring(0, said.indexOf('\t')));
    assertThat(blocks).isLessThan(plan.onDisk() + (1L << 20));
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void everyRoleFindsItsTensorsOfEveryFamily(Path golden) throws IOException {
    try (WeightServer goldens = new WeightServer(golden);
        Checkpoint whole = Checkpoints.open(golden, "m")) {
      List<TensorNeeds> roles =
          List.of(
              TensorNeeds::gates, TensorNeeds::rest, spec -> experts(spec, 0, Integer.MAX_VALUE));
      int role = 0;
      for (TensorNeeds needs : roles) {
        Path dir = folder.resolve("role-" + role++);
        CheckpointFetch.weights(goldens.url(), dir, needs, done -> {}, PATIENCE);
        try (Checkpoint part = Checkpoints.open(dir, "m")) {
          assertThat(part.weightsVersion()).isEqualTo(whole.weightsVersion());
          for (TensorRef ref : needs.of(whole.spec())) {
            assertSameBits(whole, part, ref);
          }
        }
      }
    }
  }

  static Stream<Path> goldens() throws IOException {
    try (Stream<Path> files = Files.list(GOLDEN)) {
      return files.filter(Files::isDirectory).sorted().toList().stream();
    }
  }

  @Test
  void aServerThatSendsWholeFilesOnlyIsRefusedBeforeItHasSentOne() {
    server.always =
        (exchange, path, range) -> {
          if (range.isEmpty()) {
            return false;
          }
          exchange.sendResponseHeaders(200, Files.size(model.resolve(path)));
          server.send(exchange, 0, 1 << 20);
          return true;
        };
    assertRefused("the server sends whole files only (it answered a Range request with 200)");
  }

  @Test
  void whatIsMissingIsNamed() throws IOException {
    server.always = WeightServer.status(404);
    assertRefused(server.url() + "/config.json: the server does not have it.");
    server.always = only("safetensors ", WeightServer.status(404));
    assertRefused(".safetensors: the server answered 404.");
    server.always = only("safetensors ", WeightServer.status(401));
    assertRefused(".safetensors: the server answered 401.");
  }

  @Test
  void anAnswerThatIsCutOffIsCarriedOnFromItsEnd() {
    AtomicInteger cut = new AtomicInteger();
    server.always =
        (exchange, path, range) -> {
          Range wanted = range(range, path);
          if (wanted.bytes() <= 100_000 || cut.incrementAndGet() % 2 == 0) {
            return false;
          }
          server.headers(exchange, wanted.from(), wanted.to(), Files.size(model.resolve(path)));
          exchange.sendResponseHeaders(206, wanted.bytes());
          server.send(exchange, wanted.from(), wanted.from() + 70_000);
          return true; // and the connection is closed
        };
    fetch(SECOND_EXPERT);
    assertThat(cut.get()).isGreaterThan(3);
    assertThat(server.asked)
        .anyMatch(now -> server.asked.contains(shifted(now, -70_000)) && range(now).from() > 0);
    assertComplete();
  }

  @Test
  void aServerThatIsAwayForAMomentIsAskedAgain() {
    for (int status : List.of(503, 500, 429)) {
      server.once.add(WeightServer.status(status));
    }
    fetch(SECOND_EXPERT);
    assertThat(server.once).isEmpty();
    assertComplete();
  }

  @Test
  void aServerThatStaysAwayIsNamedInTheEnd() {
    server.always = WeightServer.status(503);
    assertRefused("config.json: cannot be fetched, 4 attempts failed: the server answered 503.");
    assertThat(server.asked).hasSize(4);
    server.close();
    assertRefused("config.json: cannot be fetched, 4 attempts failed:");
  }

  @Test
  void aServerThatFallsSilentIsAskedAgain() throws InterruptedException {
    CountDownLatch over = new CountDownLatch(1);
    server.once.add(
        (exchange, path, range) -> {
          Range wanted = range(range, path);
          if (wanted.bytes() <= 100_000) {
            return false;
          }
          server.headers(exchange, wanted.from(), wanted.to(), Files.size(model.resolve(path)));
          exchange.sendResponseHeaders(206, wanted.bytes());
          server.send(exchange, wanted.from(), wanted.from() + 1000);
          await(over);
          return true;
        });
    fetch(SECOND_EXPERT);
    over.countDown();
    assertComplete();
  }

  @Test
  void aPartFromAnotherPlaceIsRefused() {
    server.always =
        only(
            "safetensors ",
            (exchange, path, range) -> {
              Range wanted = range(range, path);
              server.headers(exchange, wanted.from() + 1, wanted.to() + 1, 1 << 30);
              exchange.sendResponseHeaders(206, wanted.bytes());
              server.send(exchange, wanted.from(), wanted.to());
              return true;
            });
    assertRefused("was asked for from byte 0 on, the server sent 'bytes 1-65536/1073741824'.");
    server.always =
        only(
            "safetensors ",
            (exchange, _, _) -> {
              exchange.getResponseHeaders().set("Content-Type", "multipart/byteranges; boundary=x");
              exchange.sendResponseHeaders(206, -1);
              return true;
            });
    assertRefused("was asked for from byte 0 on, the server sent 'no Content-Range'.");
  }

  @Test
  void moreThanWasAskedForIsRefused() {
    server.always =
        only(
            "safetensors ",
            (exchange, path, range) -> {
              Range wanted = range(range, path);
              server.headers(exchange, wanted.from(), wanted.to(), Files.size(model.resolve(path)));
              exchange.sendResponseHeaders(206, 0); // chunked: of any length
              server.send(exchange, wanted.from(), wanted.to() + 1);
              return true;
            });
    assertRefused("the server sends more than it was asked for.");
  }

  @Test
  void aFileThatChangesUnderwayIsRefusedAndFetchedAnewTheNextTime() {
    AtomicInteger parts = new AtomicInteger();
    server.always =
        (exchange, path, range) -> {
          if (range(range, path).bytes() > 100_000 && parts.incrementAndGet() == 2) {
            server.version = "\"2\"";
          }
          return false;
        };
    assertRefused("changed while it was fetched, from ");
    assertNothingIsTakenForComplete();
    server.always = null;
    long before = server.sent.sum();
    fetch(SECOND_EXPERT);
    assertThat(server.sent.sum() - before)
        .isGreaterThanOrEqualTo(FetchPlan.of(model, SECOND_EXPERT).bytes());
    assertComplete();
  }

  @Test
  void aRedirectIsFollowedAndALoopOfThemIsNot() {
    server.once.add(
        (exchange, path, range) -> {
          exchange.getResponseHeaders().set("Location", server.url() + "/" + path + "?moved");
          exchange.sendResponseHeaders(302, -1);
          return true;
        });
    fetch(SECOND_EXPERT);
    assertThat(server.once).isEmpty();
    assertComplete();
    server.always =
        (exchange, path, range) -> {
          exchange.getResponseHeaders().set("Location", server.url() + "/" + path);
          exchange.sendResponseHeaders(302, -1);
          return true;
        };
    assertRefused("config.json");
  }

  @Test
  void aHeaderThatLiesIsRefusedAsThatOfALocalFile() throws IOException {
    Path lying = Files.createDirectory(folder.resolve("lying"));
    Files.copy(GOLDEN.resolve("mixtral/config.json"), lying.resolve("config.json"));
    byte[] file = Files.readAllBytes(GOLDEN.resolve("mixtral/model.safetensors"));
    ByteBuffer.wrap(file).order(java.nio.ByteOrder.LITTLE_ENDIAN).putLong(0, 99_000_000);
    Files.write(lying.resolve("model.safetensors"), file);
    try (WeightServer liar = new WeightServer(lying)) {
      assertThatThrownBy(
              () -> CheckpointFetch.weights(liar.url(), local, SECOND_EXPERT, d -> {}, PATIENCE))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("/m/model.safetensors: its header claims 99000000 bytes, only");
    }
    Files.write(lying.resolve("model.safetensors"), new byte[3]);
    try (WeightServer stump = new WeightServer(lying)) {
      assertThatThrownBy(
              () -> CheckpointFetch.weights(stump.url(), local, SECOND_EXPERT, d -> {}, PATIENCE))
          .hasMessageContaining("has 3 bytes, a safetensors file has at least 8.");
    }
  }

  @Test
  void aFetchThatWasCutOffIsNotTakenForACompleteOneAndIsCarriedOnWith() {
    fetch(TensorNeeds::gates);
    server.always =
        (exchange, path, range) -> {
          Range wanted = range(range, path);
          if (wanted.from() == 0 || wanted.bytes() <= 50_000) {
            return false; // a beginning
          }
          exchange.sendResponseHeaders(410, -1);
          return true;
        };
    assertRefused("the server answered 410");
    assertNothingIsTakenForComplete();
    long first = server.sent.sum();
    server.always = null;
    fetch(SECOND_EXPERT);
    long missing =
        FetchPlan.of(model, SECOND_EXPERT).bytes()
            - FetchPlan.of(model, TensorNeeds::gates).bytes();
    assertThat(server.sent.sum() - first).isBetween(missing, missing + (256 << 10));
    assertComplete();

    long complete = server.sent.sum();
    fetch(SECOND_EXPERT);
    assertThat(server.sent.sum() - complete).isLessThan(256 << 10);
  }

  @Test
  void withoutAVersionNothingIsKept() {
    server.version = "";
    fetch(SECOND_EXPERT);
    long first = server.sent.sum();
    fetch(SECOND_EXPERT);
    assertThat(server.sent.sum()).isCloseTo(2 * first, Offset.offset(4096L));
    assertComplete();
  }

  @Test
  void aFolderThatHoldsSomethingElseIsLeftAlone() throws IOException {
    Files.createDirectories(local);
    Files.writeString(local.resolve("config.json"), "{}");
    assertRefused("holds files that were not fetched; fetching needs an empty folder.");
    assertThat(local.resolve("config.json")).hasContent("{}");
    assertThat(local.toFile().list()).containsExactly("config.json");
  }

  @Test
  void aFolderIsFetchedToByOneAtATime() throws IOException {
    Files.createDirectories(local);
    try (FileChannel other =
            FileChannel.open(
                local.resolve(".fetch.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var held = other.lock()) {
      assertThat(held.isValid()).isTrue();
      assertRefused("is being fetched to by another process");
    }
    fetch(SECOND_EXPERT);
  }

  @Test
  void aFullDiskIsNamedAtOnce() throws Exception {
    try (HttpFolder remote = new HttpFolder(java.net.URI.create(server.url() + "/"), PATIENCE);
        FileChannel full = FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE);
        FileChannel probe =
            FileChannel.open(
                folder.resolve("probe"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      String name = Checkpoints.tensorFiles(model).first();
      RemoteFile file = remote.beginning(name, probe, 100);
      int asked = server.asked.size();
      assertThatThrownBy(() -> remote.part(file, new Range(0, 1 << 20), full, bytes -> {}))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining(name + ": cannot be written to the disk: No space left on device.");
      assertThat(server.asked).hasSize(asked + 1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "ftp://w.example/m, must begin with http:// or https:// and a host",
    "models/m, must begin with http:// or https:// and a host",
    "https://user:secret@w.example/m, 'must be a folder, without a password'",
    "https://w.example/m?key=1, 'must be a folder, without a password'",
    "https://w.example/a b, is no address",
  })
  void anAddressThatIsNoFolderIsRefused(String url, String sentence) {
    assertThatThrownBy(() -> CheckpointFetch.weights(url, local, SECOND_EXPERT, done -> {}))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(sentence);
    assertThat(local).doesNotExist();
  }

  @Test
  void aGatewayFetchesTextsOnly() {
    CheckpointFetch.texts(server.url(), local);
    assertThat(local.resolve("tokenizer.json")).hasContent("{\"model\": {}}");
    assertThat(local.resolve("chat_template.jinja")).doesNotExist();
    assertThat(server.asked).noneMatch(path -> path.contains("safetensors"));
  }

  private void fetch(TensorNeeds needs) {
    fetch(needs, done -> {});
  }

  private void fetch(TensorNeeds needs, DoubleConsumer progress) {
    CheckpointFetch.weights(server.url(), local, needs, progress, PATIENCE);
  }

  private void assertRefused(String sentence) {
    assertThatThrownBy(() -> fetch(SECOND_EXPERT))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(sentence);
  }

  private void assertComplete() {
    try (Checkpoint whole = Checkpoints.open(model, "m");
        Checkpoint part = Checkpoints.open(local, "m")) {
      assertThat(part.weightsVersion()).isEqualTo(whole.weightsVersion());
      for (TensorRef ref : SECOND_EXPERT.of(whole.spec())) {
        assertSameBits(whole, part, ref);
      }
    }
  }

  private void assertNothingIsTakenForComplete() {
    assertThatThrownBy(
            () -> {
              try (Checkpoint part = Checkpoints.open(local, "m")) {
                SECOND_EXPERT.of(part.spec()).forEach(part::matrix);
              }
            })
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("has not been fetched");
  }

  private static void assertSameBits(Checkpoint whole, Checkpoint part, TensorRef ref) {
    if (ref.columns() == 1) {
      assertThat(part.vector(ref)).as(ref.tensor()).isEqualTo(whole.vector(ref));
    } else {
      assertThat(part.matrix(ref).data().mismatch(whole.matrix(ref).data()))
          .as(ref.tensor())
          .isEqualTo(-1);
    }
  }

  private static List<TensorRef> experts(ModelSpec spec, int from, int to) {
    return spec.routedLayers().stream()
        .map(layer -> spec.routed(layer).orElseThrow().experts())
        .flatMap(
            all ->
                IntStream.range(from, Math.min(to, all.size()))
                    .boxed()
                    .flatMap(e -> TensorNeeds.expert(all.get(e)).stream()))
        .toList();
  }

  private static WeightServer.Fault only(String path, WeightServer.Fault fault) {
    return (exchange, asked, range) ->
        (asked + " ").endsWith(path) && fault.answer(exchange, asked, range);
  }

  /** What is asked for of a safetensors file; of others nothing to speak of. */
  private static Range range(String header, String path) throws IOException {
    if (header.isEmpty()) {
      return new Range(0, 1);
    }
    Range asked = range(path + " " + header);
    return new Range(asked.from(), Math.min(asked.to(), Files.size(model.resolve(path))));
  }

  private static Range range(String asked) {
    int at = asked.indexOf("bytes=");
    if (at < 0) {
      return new Range(0, 1);
    }
    String[] ends = asked.substring(at + 6).split("-");
    return new Range(Long.parseLong(ends[0]), Long.parseLong(ends[1]) + 1);
  }

  private static String shifted(String asked, long bytes) {
    Range range = range(asked);
    int at = asked.indexOf("bytes=");
    return at < 0
        ? ""
        : asked.substring(0, at) + "bytes=" + (range.from() + bytes) + "-" + (range.to() - 1);
  }

  private static void addSynchronized(List<Double> list, double value) {
    synchronized (list) {
      list.add(value);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static long size(Path dir) {
    try (Stream<Path> files = Files.list(dir)) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
