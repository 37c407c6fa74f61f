package io.expertmesh.protocol.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.core.TelemetrySettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class KafkaLoadPublisherTest {
  /** Longer than any publish may take, shorter than any wait of the client for a broker. */
  private static final long AT_ONCE_MILLIS = 100;

  @Test
  void publishingDoesNotWaitForABrokerThatIsNotThere() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    publishesAtOnceAndDropsTheOldest(port);
  }

  @Test
  void publishingDoesNotWaitForABrokerThatNeverAnswers() throws IOException {
    // connections are accepted by the system, and nobody reads them
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      publishesAtOnceAndDropsTheOldest(silent.getLocalPort());
    }
  }

  private static void publishesAtOnceAndDropsTheOldest(int port) {
    try (KafkaLoadPublisher publisher =
        new KafkaLoadPublisher(new TelemetrySettings("127.0.0.1:" + port, LoadEvent.TOPIC, ""))) {
      long longest = 0;
      for (int i = 0; i < 1000; i++) {
        long start = System.nanoTime();
        publisher.publish(event(i));
        longest = Math.max(longest, System.nanoTime() - start);
      }
      assertThat(TimeUnit.NANOSECONDS.toMillis(longest)).isLessThan(AT_ONCE_MILLIS);
      assertThat(publisher.sent()).isZero();
      // all but what the queue holds and what the client was just handed
      assertThat(publisher.dropped()).isBetween(900L, 1000L);
    }
  }

  private static LoadEvent event(long sequence) {
    return new LoadEvent(
        LoadEvent.EXPERT_SERVICE,
        "s",
        "s-1",
        "m",
        sequence,
        0,
        1000,
        false,
        1,
        1,
        1,
        0.1,
        0,
        0,
        0,
        0,
        List.of(),
        Map.of(),
        Map.of());
  }
}
