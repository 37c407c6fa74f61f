package io.expertmesh.tests.scaling;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.autoscaler.core.Autoscaler;
import io.expertmesh.autoscaler.core.ReferenceClock;
import io.expertmesh.autoscaler.core.ScalingPolicy;
import io.expertmesh.autoscaler.core.TenantCaps;
import io.expertmesh.autoscaler.transport.LoadReader;
import io.expertmesh.autoscaler.transport.SnapshotBoard;
import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.core.TelemetrySettings;
import io.expertmesh.protocol.transport.KafkaLoadPublisher;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Certificates towards Kafka that are replaced while publisher and reader go on. */
@Timeout(300)
class KafkaCertificatesTest {
  private static final int PATIENCE_SECONDS = 90;

  @TempDir private Path folder = Path.of("");

  @Test
  void clientsTakeTheNewCertificatesAndAuthoritiesWithoutBeingMadeAnew() throws Exception {
    X509Bundle firstClients = authority("first authority of clients");
    X509Bundle firstBrokers = authority("first authority of brokers");
    identity("broker.pem", firstBrokers);
    identity("client.pem", firstClients);
    trust("client-trust.pem", firstBrokers);
    trust("broker-trust.pem", firstClients);
    try (TlsBrokerUnderTest broker = new TlsBrokerUnderTest(folder);
        Clients clients = new Clients(settings(broker))) {
      broker.start(folder.resolve("broker.pem"), folder.resolve("broker-trust.pem"));
      await("events arrive", () -> clients.pass(3));

      broker.kill();
      X509Bundle secondClients = authority("second authority of clients");
      X509Bundle secondBrokers = authority("second authority of brokers");
      identity("broker.pem", secondBrokers);
      trust("broker-trust.pem", secondClients);
      broker.start(folder.resolve("broker.pem"), folder.resolve("broker-trust.pem"));
      long sent = clients.publisher.sent();
      long dropped = clients.publisher.dropped();
      await("events are refused", () -> clients.dropped(dropped + 3));
      assertThat(clients.publisher.sent()).isEqualTo(sent);

      // Half of a file first, as by an editor; what was good stays.
      Files.writeString(folder.resolve("client.pem"), "-----BEGIN PRIVATE KEY-----\n");
      await("events are refused still", () -> clients.dropped(dropped + 6));
      identity("client.pem", secondClients);
      trust("client-trust.pem", secondBrokers);
      await("events arrive again", () -> clients.pass(3));
    }
  }

  private TelemetrySettings settings(TlsBrokerUnderTest broker) throws IOException {
    Path client = folder.resolve("client.properties");
    Files.writeString(
        client,
        """
        security.protocol=SSL
        ssl.keystore.type=PEM
        ssl.keystore.location=%s
        ssl.truststore.type=PEM
        ssl.truststore.location=%s
        """
            .formatted(folder.resolve("client.pem"), folder.resolve("client-trust.pem")));
    return new TelemetrySettings(broker.address(), LoadEvent.TOPIC, client.toString());
  }

  private static X509Bundle authority(String name) throws Exception {
    return new CertificateBuilder()
        .ecp256()
        .subject("CN=" + name)
        .setIsCertificateAuthority(true)
        .buildSelfSigned();
  }

  private void identity(String file, X509Bundle authority) throws Exception {
    X509Bundle issued =
        new CertificateBuilder()
            .ecp256()
            .subject("CN=" + file)
            .addSanIpAddress("127.0.0.1")
            .addExtendedKeyUsageServerAuth()
            .addExtendedKeyUsageClientAuth()
            .buildIssuedBy(authority);
    replace(file, issued.getPrivateKeyPEM() + "\n" + issued.getCertificatePathPEM());
  }

  private void trust(String file, X509Bundle authority) throws IOException {
    replace(file, authority.getRootCertificatePEM());
  }

  private void replace(String file, String text) throws IOException {
    Path draft = Files.writeString(folder.resolve(file + ".new"), text);
    Files.move(draft, folder.resolve(file), StandardCopyOption.ATOMIC_MOVE);
  }

  private static void await(String what, BooleanSupplier holds) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within " + PATIENCE_SECONDS + " s: " + what);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
    }
  }

  /** One publisher and one reader for the whole test. */
  private static final class Clients implements AutoCloseable {
    final KafkaLoadPublisher publisher;
    final LoadReader reader;
    private long sequence;
    private long wantedSent;
    private long wantedRead;

    Clients(TelemetrySettings settings) {
      publisher = new KafkaLoadPublisher(settings);
      reader =
          new LoadReader(
              settings,
              new Autoscaler(ScalingPolicy.standard(), Map.of(), TenantCaps.NONE),
              new ReferenceClock(System.currentTimeMillis(), System::nanoTime),
              new SnapshotBoard(),
              60_000);
      Thread.ofPlatform().daemon().start(reader::run);
    }

    /** Publishes one more event; true once so many more went all the way than at the first call. */
    boolean pass(int count) {
      publisher.publish(event());
      if (wantedSent == 0) {
        wantedSent = publisher.sent() + count;
        wantedRead = reader.records() + count;
      }
      boolean passed = publisher.sent() >= wantedSent && reader.records() >= wantedRead;
      if (passed) {
        wantedSent = 0;
      }
      return passed;
    }

    /** Publishes one more event; true once so many were given up. */
    boolean dropped(long count) {
      publisher.publish(event());
      return publisher.dropped() >= count;
    }

    private LoadEvent event() {
      return new LoadEvent(
          LoadEvent.EXPERT_SERVICE,
          "experts-0",
          "experts-0-r0-1",
          "m",
          sequence++,
          System.currentTimeMillis(),
          1000,
          false,
          500,
          500,
          10,
          0.5,
          0,
          0,
          0,
          0,
          List.of(),
          Map.of(),
          Map.of());
    }

    @Override
    public void close() {
      reader.close();
      publisher.close();
    }
  }
}
