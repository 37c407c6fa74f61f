package io.expertmesh.tests.scaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.autoscaler.core.Autoscaler;
import io.expertmesh.autoscaler.core.ReferenceClock;
import io.expertmesh.autoscaler.core.ScalingPolicy;
import io.expertmesh.autoscaler.core.ShardView;
import io.expertmesh.autoscaler.core.Snapshot;
import io.expertmesh.autoscaler.core.TenantCaps;
import io.expertmesh.autoscaler.transport.LoadReader;
import io.expertmesh.autoscaler.transport.SnapshotBoard;
import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.core.TelemetrySettings;
import io.expertmesh.protocol.transport.KafkaLoadPublisher;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A replica that publishes once a second, a broker, and a reader, each of which meets what may
 * happen to the broker. The replica's clock is five minutes ahead.
 */
abstract class TelemetryFaults {
  private static final long SKEW_MILLIS = 300_000;
  private static final double BUSY = 0.5;
  private static final int PATIENCE_SECONDS = 90;

  private final FaultyBroker broker;
  private final BlockingQueue<Snapshot> snapshots = new LinkedBlockingQueue<>();
  private final ScheduledExecutorService clockwork = Executors.newSingleThreadScheduledExecutor();
  private final AtomicLong sequence = new AtomicLong();
  private final SnapshotBoard board = new SnapshotBoard();
  private final KafkaLoadPublisher publisher;
  private final LoadReader reader;

  TelemetryFaults(FaultyBroker broker) {
    this.broker = broker;
    TelemetrySettings settings = new TelemetrySettings(broker.address(), LoadEvent.TOPIC, "");
    publisher = new KafkaLoadPublisher(settings);
    reader =
        new LoadReader(
            settings,
            new Autoscaler(ScalingPolicy.standard(), Map.of(), TenantCaps.NONE),
            new ReferenceClock(System.currentTimeMillis(), System::nanoTime),
            board,
            60_000);
  }

  @BeforeEach
  void start() {
    board.listen(snapshots::add);
    Thread.ofPlatform().daemon().start(reader::run);
    var unused =
        clockwork.scheduleAtFixedRate(
            () -> publisher.publish(event(sequence.getAndIncrement())), 0, 1, TimeUnit.SECONDS);
    await("the replica's load is known", this::right);
  }

  @AfterEach
  void stop() {
    clockwork.shutdownNow();
    reader.close();
    publisher.close();
    broker.close();
  }

  @Test
  void whenTheBrokerIsGoneTheReaderKnowsThatItIsBlindAndIsRightAgainAfterwards() {
    broker.kill();
    Snapshot blind = await("it is blind", Snapshot::blind);
    assertThat(shard(blind).load().replicas()).isEqualTo(1);

    broker.start();

    await("it is right again", this::right);
    assertThat(publisher.sent()).isPositive();
  }

  @Test
  void aBrokerThatStopsAnsweringIsLikeOneThatIsGone() {
    broker.pause();
    try {
      await("it is blind", Snapshot::blind);
    } finally {
      broker.resume();
    }
    await("it is right again", this::right);
  }

  @Test
  void recordsThatAreNoLoadEventsAreCountedAndSkipped() {
    Properties properties = new Properties();
    properties.setProperty("bootstrap.servers", broker.address());
    try (KafkaProducer<byte[], byte[]> poisoner =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (byte[] poison :
          List.of(bytes("{"), bytes("null"), bytes("{\"version\":7}"), new byte[] {-1, 0, 13})) {
        var unused = poisoner.send(new ProducerRecord<>(LoadEvent.TOPIC, poison));
      }
      var last = poisoner.send(new ProducerRecord<>(LoadEvent.TOPIC, bytes("experts-0"), null));
      poisoner.flush();
      assertThat(last.isDone()).isTrue();
    }

    await("the poison was read", snapshot -> reader.malformed() == 5 && right(snapshot));
  }

  @Test
  void eventsThatArriveTwiceCountOnce() {
    var unused =
        clockwork.scheduleAtFixedRate(
            () -> publisher.publish(event(sequence.get() - 1)), 100, 250, TimeUnit.MILLISECONDS);
    long from = reader.records();

    Snapshot later = await("many were read", s -> reader.records() > from + 20);

    assertThat(shard(later).demand()).isCloseTo(BUSY, within(0.05));
  }

  @Test
  void aTopicThatIsMadeAnewIsReadFromItsBeginning() {
    broker.removeTopic(LoadEvent.TOPIC);
    long from = reader.records();

    await("the new topic is read", s -> reader.records() > from + 5 && right(s));
  }

  private boolean right(Snapshot snapshot) {
    return !snapshot.blind()
        && snapshot.shard("experts-0").isPresent()
        && Math.abs(shard(snapshot).demand() - BUSY) < 0.05
        && shard(snapshot).load().silent() == 0;
  }

  private static ShardView shard(Snapshot snapshot) {
    return snapshot.shard("experts-0").orElseThrow();
  }

  private Snapshot await(String what, Predicate<Snapshot> wanted) {
    snapshots.clear();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    Snapshot last = Snapshot.EMPTY;
    try {
      while (System.nanoTime() < deadline) {
        Snapshot next = snapshots.poll(1, TimeUnit.SECONDS);
        if (next != null) {
          last = next;
          if (wanted.test(next)) {
            return next;
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new AssertionError(
        "not within " + PATIENCE_SECONDS + " s: " + what + "; the last snapshot: " + last);
  }

  private static LoadEvent event(long number) {
    return new LoadEvent(
        LoadEvent.EXPERT_SERVICE,
        "experts-0",
        "experts-0-r0-1",
        "m",
        number,
        System.currentTimeMillis() + SKEW_MILLIS,
        1000,
        false,
        500,
        500,
        10,
        BUSY,
        0,
        0,
        0,
        0,
        List.of(),
        Map.of(),
        Map.of());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
