package io.expertmesh.model.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.model.core.ByteRanges.Range;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.CheckpointException;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.core.FetchPlan;
import io.expertmesh.model.core.TensorNeeds;
import io.expertmesh.model.core.TensorRef;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What is fetched over HTTP, and what of it is kept. */
class CheckpointFetchTest extends FetchFromServer {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");

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
}
