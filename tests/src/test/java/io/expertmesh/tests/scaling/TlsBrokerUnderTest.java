package io.expertmesh.tests.scaling;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.tests.support.MeshUnderTest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** A Kafka node that talks TLS with its clients and asks every one for a certificate. */
final class TlsBrokerUnderTest implements AutoCloseable {
  private final Path folder;
  private final int port = MeshUnderTest.freePort();
  private final int internalPort = MeshUnderTest.freePort();
  private final int controllerPort = MeshUnderTest.freePort();
  private @Nullable Process process;

  /**
   * @param folder for its data and its log
   */
  TlsBrokerUnderTest(Path folder) {
    this.folder = folder;
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  /**
   * Starts it on the data that it had.
   *
   * @param identity PEM of its key and certificates
   * @param clients PEM of the authorities of its clients
   */
  void start(Path identity, Path clients) throws IOException, InterruptedException {
    Path configuration = folder.resolve("broker.properties");
    try (OutputStream out = Files.newOutputStream(configuration)) {
      properties(identity, clients).store(out, null);
    }
    Path log = folder.resolve("broker.log");
    int formatted =
        BrokerProcess.start(
                log,
                "kafka.tools.StorageTool",
                List.of(
                    "format",
                    "-t",
                    "expertmesh-tls-test000",
                    "-c",
                    configuration.toString(),
                    "--ignore-formatted"))
            .waitFor();
    assertThat(formatted).as(Files.readString(log)).isZero();
    process = BrokerProcess.start(log, "kafka.Kafka", List.of(configuration.toString()));
  }

  private Properties properties(Path identity, Path clients) {
    Properties p = new Properties();
    p.setProperty("process.roles", "broker,controller");
    p.setProperty("node.id", "1");
    p.setProperty("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
    // A broker trusts its own certificate where brokers talk; here that is another listener.
    String internal = "INTERNAL://127.0.0.1:" + internalPort;
    p.setProperty(
        "listeners",
        "SSL://" + address() + "," + internal + ",CONTROLLER://127.0.0.1:" + controllerPort);
    p.setProperty("advertised.listeners", "SSL://" + address() + "," + internal);
    p.setProperty("controller.listener.names", "CONTROLLER");
    p.setProperty("inter.broker.listener.name", "INTERNAL");
    p.setProperty(
        "listener.security.protocol.map", "CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,SSL:SSL");
    p.setProperty("ssl.client.auth", "required");
    p.setProperty("ssl.keystore.type", "PEM");
    p.setProperty("ssl.keystore.location", identity.toString());
    p.setProperty("ssl.truststore.type", "PEM");
    p.setProperty("ssl.truststore.location", clients.toString());
    p.setProperty("log.dirs", folder.resolve("data").toString());
    p.setProperty("log.message.timestamp.type", "LogAppendTime");
    p.setProperty("offsets.topic.replication.factor", "1");
    p.setProperty("transaction.state.log.replication.factor", "1");
    p.setProperty("transaction.state.log.min.isr", "1");
    p.setProperty("log.cleaner.dedupe.buffer.size", "2097152");
    return p;
  }

  /** Ends it as a power cut would. */
  void kill() {
    Process running = process;
    if (running != null) {
      running.destroyForcibly().onExit().join();
    }
  }

  @Override
  public void close() {
    kill();
  }
}
