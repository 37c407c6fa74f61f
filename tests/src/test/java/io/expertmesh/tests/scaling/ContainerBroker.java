package io.expertmesh.tests.scaling;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import io.expertmesh.tests.support.MeshUnderTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/** The Kafka image that the compose file names, as a container. */
final class ContainerBroker implements FaultyBroker {
  private static final Path COMPOSE = Path.of("..", "docker-compose.yml");
  private static final Pattern IMAGE = Pattern.compile("image: (apache/kafka:\\S+)");
  private static final int PULL_SECONDS = 120;
  private static final String INSIDE = "9092";

  private final int port = MeshUnderTest.freePort();
  private final GenericContainer<?> container =
      new GenericContainer<>(DockerImageName.parse(image()));

  ContainerBroker() {
    container.withEnv(
        Map.ofEntries(
            Map.entry("KAFKA_NODE_ID", "1"),
            Map.entry("KAFKA_PROCESS_ROLES", "broker,controller"),
            Map.entry("KAFKA_LISTENERS", "PLAINTEXT://:" + INSIDE + ",CONTROLLER://:9093"),
            Map.entry("KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://" + address()),
            Map.entry("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER"),
            Map.entry(
                "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"),
            Map.entry("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@localhost:9093"),
            Map.entry("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1"),
            Map.entry("KAFKA_LOG_MESSAGE_TIMESTAMP_TYPE", "LogAppendTime"),
            Map.entry("KAFKA_LOG_DIRS", "/var/lib/kafka/data"),
            Map.entry("KAFKA_HEAP_OPTS", "-Xmx256m")));
    container.setPortBindings(List.of(port + ":" + INSIDE));
    container.start();
    awaitAnswer();
  }

  /** True if Docker answers and the image is there or can be pulled. */
  static boolean available() {
    if (!DockerClientFactory.instance().isDockerAvailable()) {
      return false;
    }
    DockerClient docker = DockerClientFactory.lazyClient();
    try {
      docker.inspectImageCmd(image()).exec();
      return true;
    } catch (NotFoundException notYet) {
      return pulled(docker);
    }
  }

  private static boolean pulled(DockerClient docker) {
    try {
      return docker.pullImageCmd(image()).start().awaitCompletion(PULL_SECONDS, TimeUnit.SECONDS);
    } catch (DockerException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static String image() {
    try {
      Matcher named = IMAGE.matcher(Files.readString(COMPOSE));
      if (!named.find()) {
        throw new AssertionError(COMPOSE + " names no image of Kafka");
      }
      return named.group(1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String address() {
    return DockerClientFactory.instance().dockerHostIpAddress() + ":" + port;
  }

  @Override
  public void start() {
    docker().startContainerCmd(container.getContainerId()).exec();
    awaitAnswer();
  }

  @Override
  public void kill() {
    docker().killContainerCmd(container.getContainerId()).exec();
  }

  @Override
  public void pause() {
    docker().pauseContainerCmd(container.getContainerId()).exec();
  }

  @Override
  public void resume() {
    docker().unpauseContainerCmd(container.getContainerId()).exec();
  }

  @Override
  public String log() {
    return container.getLogs();
  }

  @Override
  public void close() {
    container.close();
  }

  private DockerClient docker() {
    return container.getDockerClient();
  }
}
