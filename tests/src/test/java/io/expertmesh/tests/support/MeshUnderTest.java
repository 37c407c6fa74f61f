package io.expertmesh.tests.support;

import io.expertmesh.protocol.v1.IntrospectionGrpc;
import io.expertmesh.protocol.v1.ServiceStatus;
import io.expertmesh.protocol.v1.StatusRequest;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * A whole mesh of real processes, started by the command that users type, on ports of its own, with
 * its state in a folder of its own. Closing it stops every process.
 */
public final class MeshUnderTest implements AutoCloseable {
  /**
   * For processes that end before what C2 compiles would be used: half of the work of starting is
   * C2's.
   */
  public static final Map<String, String> SHORT_LIVED =
      Map.of("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1");

  private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

  private final Path runDirectory;
  private final URI url;
  private final OpenAiClient client;

  private MeshUnderTest(Path runDirectory, URI url) {
    this.runDirectory = runDirectory;
    this.url = url;
    this.client = new OpenAiClient(url);
  }

  /** One service process of the mesh. */
  public record Instance(String name, String kind, String shard, int grpcPort, long pid) {}

  /** Path of the bundled model. */
  public static Path bundledModel() {
    return REPOSITORY.resolve("models/tiny-moe");
  }

  /** Path of a golden checkpoint. */
  public static Path golden(String name) {
    return REPOSITORY.resolve("model/src/test/resources/golden").resolve(name);
  }

  /**
   * Starts a mesh and returns when it is ready.
   *
   * @param model checkpoint directory
   * @param options further words of {@code ./mesh up}
   */
  public static MeshUnderTest up(Path model, String... options) {
    return up(model, Map.of(), options);
  }

  /**
   * The same with further environment variables.
   *
   * @param environment that every process of the mesh inherits
   */
  public static MeshUnderTest up(Path model, Map<String, String> environment, String... options) {
    try {
      Path run = Files.createTempDirectory("mesh-test-");
      int port = freePort();
      List<String> words =
          new ArrayList<>(
              List.of("up", "--detach", "--model", model.toString(), "--port", "" + port));
      words.addAll(List.of(options));
      if (!words.contains("--kafka") && !words.contains("--autoscale")) {
        words.addAll(List.of("--kafka", "none"));
      }
      CommandResult result = command(run, words, environment);
      if (result.status() != 0) {
        throw new AssertionError(
            "./mesh "
                + String.join(" ", words)
                + " ended with "
                + result.status()
                + ":\n"
                + result.output());
      }
      return new MeshUnderTest(run, URI.create("http://127.0.0.1:" + port));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Exit status and everything printed by one run of the mesh command. */
  public record CommandResult(int status, String output) {}

  /** Runs the mesh command with a run folder of its own; never builds. */
  public static CommandResult command(Path runDirectory, List<String> words) {
    return command(runDirectory, words, Map.of());
  }

  /**
   * The same with further environment variables.
   *
   * @param environment that the command and every process it starts inherits
   */
  public static CommandResult command(
      Path runDirectory, List<String> words, Map<String, String> environment) {
    try {
      List<String> line = new ArrayList<>(List.of(REPOSITORY.resolve("mesh").toString()));
      line.addAll(words);
      ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
      builder
          .environment()
          .putAll(Map.of("MESH_RUN_DIR", runDirectory.toString(), "MESH_BUILD", "never"));
      builder.environment().putAll(environment);
      Path output = Files.createTempFile(runDirectory, "command-", ".out");
      Process process = builder.redirectOutput(output.toFile()).start();
      process.getOutputStream().close();
      if (!process.waitFor(180, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(
            "./mesh " + words + " did not end within 180 s:\n" + Files.readString(output));
      }
      return new CommandResult(process.exitValue(), Files.readString(output));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** A client of the gateway. */
  public OpenAiClient client() {
    return client;
  }

  /** The folder of its state. */
  public Path runDirectory() {
    return runDirectory;
  }

  /** Address of the gateway. */
  public URI url() {
    return url;
  }

  /** The service processes as the state file has them now. */
  public List<Instance> instances() {
    try {
      JsonNode state =
          new ObjectMapper().readTree(Files.readString(runDirectory.resolve("mesh.json")));
      List<Instance> instances = new ArrayList<>();
      for (JsonNode node : state.path("instances")) {
        instances.add(
            new Instance(
                node.path("name").asString(),
                node.path("kind").asString(),
                node.path("shard").asString(),
                node.path("grpcPort").asInt(),
                node.path("process").path("pid").asLong()));
      }
      if (instances.isEmpty()) {
        throw new AssertionError("the state file names no instances: " + state);
      }
      return instances;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The instance of that name. */
  public Instance instance(String name) {
    return instances().stream()
        .filter(i -> i.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no instance '" + name + "' in " + instances()));
  }

  /** What an instance reports of itself. */
  public ServiceStatus status(Instance instance) {
    ManagedChannel channel =
        Grpc.newChannelBuilderForAddress(
                "127.0.0.1", instance.grpcPort(), InsecureChannelCredentials.create())
            .build();
    try {
      return IntrospectionGrpc.newBlockingStub(channel)
          .withDeadlineAfter(10, TimeUnit.SECONDS)
          .status(StatusRequest.getDefaultInstance());
    } finally {
      channel.shutdownNow();
    }
  }

  /** A counter that an instance reports; 0 where it reports none of that name. */
  public long counter(String instance, String name) {
    return status(instance(instance)).getCountersOrDefault(name, 0);
  }

  /** Sends a signal such as KILL, STOP or TERM to an instance's process. */
  public void signal(Instance instance, String signal) {
    try {
      int status =
          new ProcessBuilder("kill", "-" + signal, "" + instance.pid())
              .inheritIO()
              .start()
              .waitFor();
      if (status != 0) {
        throw new AssertionError("kill -" + signal + " " + instance + " ended with " + status);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    client.close();
    CommandResult down = command(runDirectory, List.of("down"));
    if (down.status() != 0) {
      throw new AssertionError("./mesh down ended with " + down.status() + ":\n" + down.output());
    }
  }

  /** A port that was free a moment ago. */
  public static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
