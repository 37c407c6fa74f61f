package io.expertmesh.kafka.app;

import io.expertmesh.protocol.app.ParentWatch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import kafka.Kafka;
import kafka.tools.StorageTool;

/**
 * Runs one Kafka node with KRaft in this process: formats its directory if that is empty, then
 * becomes {@code kafka.Kafka}. Ends with its parent where it is told to.
 */
public final class BrokerApplication {
  private static final System.Logger LOG = System.getLogger(BrokerApplication.class.getName());

  /** Every embedded cluster has one node, so nothing tells clusters apart by it. */
  private static final String CLUSTER = "expertmesh-embedded000";

  private BrokerApplication() {}

  /** Starts the node with {@code --expertmesh.kafka.*=value} arguments. */
  public static void main(String[] arguments) {
    ParentWatch.exitWithParent(arguments);
    try {
      BrokerSettings settings = BrokerSettings.of(arguments);
      Path configuration = write(settings);
      format(configuration);
      LOG.log(
          System.Logger.Level.INFO, "Kafka listens on " + settings.host() + ":" + settings.port());
      Kafka.main(new String[] {configuration.toString()});
    } catch (IllegalArgumentException | IllegalStateException | IOException e) {
      System.err.println("kafka cannot start: " + e.getMessage());
      System.exit(1);
    }
  }

  private static Path write(BrokerSettings settings) throws IOException {
    Files.createDirectories(settings.data());
    Path file = settings.data().resolveSibling(settings.data().getFileName() + ".properties");
    try (OutputStream out = Files.newOutputStream(file)) {
      settings.properties().store(out, null);
    }
    return file;
  }

  private static void format(Path configuration) {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    int code =
        StorageTool.execute(
            new String[] {
              "format", "-t", CLUSTER, "-c", configuration.toString(), "--ignore-formatted"
            },
            new PrintStream(said, true, StandardCharsets.UTF_8));
    if (code != 0) {
      throw new IllegalStateException(
          "its directory cannot be formatted: " + said.toString(StandardCharsets.UTF_8).strip());
    }
  }
}
