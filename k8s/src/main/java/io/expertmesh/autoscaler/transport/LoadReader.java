package io.expertmesh.autoscaler.transport;

import io.expertmesh.autoscaler.core.Autoscaler;
import io.expertmesh.autoscaler.core.ReferenceClock;
import io.expertmesh.protocol.core.TelemetrySettings;
import io.expertmesh.protocol.transport.KafkaClients;
import io.expertmesh.protocol.transport.LoadEventJson;
import io.expertmesh.protocol.transport.LoadEventJson.MalformedEventException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads all load events and drives an autoscaler with them, on the thread that calls {@link #run}.
 * There is no consumer group and no offset is kept: every autoscaler reads everything, beginning
 * some minutes back so that it knows what the others know. A topic that is not there yet, that is
 * made anew or grows partitions is noticed; records that are no load events are counted and
 * skipped.
 */
public final class LoadReader {
  private static final System.Logger LOG = System.getLogger(LoadReader.class.getName());
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration ASK = Duration.ofSeconds(5);
  private static final long PARTITIONS_NANOS = Duration.ofSeconds(5).toNanos();
  private static final long RETRY_MILLIS = 1000;

  /** Records that were appended just before a whole second may arrive just after it. */
  private static final long SETTLE_MILLIS = 300;

  private final TelemetrySettings settings;
  private final Autoscaler autoscaler;
  private final ReferenceClock clock;
  private final SnapshotBoard board;
  private final long lookBackMillis;
  private final LongAdder records = new LongAdder();
  private final LongAdder malformed = new LongAdder();
  private final Set<String> known = new HashSet<>();
  private boolean inStep;
  private long partitionsAt;
  private volatile boolean closed;

  /**
   * @param clock set to the broker's time as soon as that is seen
   * @param board where snapshots are published
   * @param lookBackMillis how far back reading begins
   */
  public LoadReader(
      TelemetrySettings settings,
      Autoscaler autoscaler,
      ReferenceClock clock,
      SnapshotBoard board,
      long lookBackMillis) {
    this.settings = Objects.requireNonNull(settings, "settings");
    this.autoscaler = Objects.requireNonNull(autoscaler, "autoscaler");
    this.clock = Objects.requireNonNull(clock, "clock");
    this.board = Objects.requireNonNull(board, "board");
    this.lookBackMillis = lookBackMillis;
  }

  /** Load events that were read. */
  public long records() {
    return records.sum();
  }

  /** Records that were no load events. */
  public long malformed() {
    return malformed.sum();
  }

  /** Reads until {@link #close}. */
  public void run() {
    while (!closed) {
      try (Consumer<byte[], byte[]> consumer =
          new KafkaConsumer<>(
              properties(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
        while (!closed) {
          step(consumer);
        }
      } catch (KafkaException e) {
        LOG.log(System.Logger.Level.WARNING, "Reading load events failed: " + e.getMessage());
        pass();
        pause();
      }
    }
  }

  /** Ends {@link #run} soon. */
  public void close() {
    closed = true;
  }

  private Properties properties() {
    Properties properties = KafkaClients.properties(settings);
    properties.putIfAbsent("auto.offset.reset", "earliest");
    properties.putIfAbsent("enable.auto.commit", "false");
    properties.putIfAbsent("default.api.timeout.ms", "5000");
    properties.putIfAbsent("request.timeout.ms", "4000");
    properties.putIfAbsent("metadata.max.age.ms", "5000");
    properties.putIfAbsent("max.poll.records", "5000");
    properties.putIfAbsent("allow.auto.create.topics", "true");
    return properties;
  }

  private void step(Consumer<byte[], byte[]> consumer) {
    if (consumer.assignment().isEmpty() || System.nanoTime() - partitionsAt > PARTITIONS_NANOS) {
      assign(consumer);
    }
    if (consumer.assignment().isEmpty()) {
      pass();
      pause();
      return;
    }
    ConsumerRecords<byte[], byte[]> read = consumer.poll(POLL);
    // What is left is no more than what came just now: these are the newest records there are.
    boolean newest = lag(consumer) <= read.count();
    read.forEach(record -> take(record, newest));
    inStep |= newest;
    if (inStep) {
      pass();
    }
  }

  private static long lag(Consumer<byte[], byte[]> consumer) {
    return consumer.assignment().stream().mapToLong(p -> consumer.currentLag(p).orElse(0)).sum();
  }

  private void assign(Consumer<byte[], byte[]> consumer) {
    partitionsAt = System.nanoTime();
    List<TopicPartition> partitions = new ArrayList<>();
    try {
      for (PartitionInfo info : consumer.partitionsFor(settings.topic(), ASK)) {
        partitions.add(new TopicPartition(info.topic(), info.partition()));
      }
    } catch (org.apache.kafka.common.errors.TimeoutException e) {
      // What is assigned stays so: a broker that is slow now may be back at the next poll.
      return;
    }
    Set<TopicPartition> before = Set.copyOf(consumer.assignment());
    if (!before.equals(Set.copyOf(partitions))) {
      consumer.assign(partitions);
      partitions.removeAll(before);
      seek(consumer, partitions);
    }
  }

  /** Begins with what was appended a while ago. */
  private void seek(Consumer<byte[], byte[]> consumer, List<TopicPartition> partitions) {
    Map<TopicPartition, Long> since = new HashMap<>();
    partitions.forEach(p -> since.put(p, clock.nowMillis() - lookBackMillis));
    Map<TopicPartition, OffsetAndTimestamp> offsets = consumer.offsetsForTimes(since, ASK);
    for (TopicPartition partition : partitions) {
      OffsetAndTimestamp offset = offsets.get(partition);
      if (offset == null) {
        consumer.seekToEnd(List.of(partition));
      } else {
        consumer.seek(partition, offset.offset());
      }
    }
  }

  private void take(ConsumerRecord<byte[], byte[]> record, boolean newest) {
    // A topic that keeps the writers' times has none that could be trusted; ours is then the best.
    boolean appended = record.timestampType() == TimestampType.LOG_APPEND_TIME;
    long at = appended ? record.timestamp() : clock.nowMillis();
    if (!inStep) {
      clock.set(at);
    } else if (newest) {
      clock.saw(at);
    }
    try {
      byte[] value = record.value();
      autoscaler.add(LoadEventJson.read(value == null ? new byte[0] : value), at);
      records.increment();
    } catch (MalformedEventException e) {
      if (malformed.sum() == 0) {
        LOG.log(
            System.Logger.Level.WARNING,
            "A record of {0} is no load event, and is skipped: {1}",
            settings.topic(),
            e.getMessage());
      }
      malformed.increment();
    }
  }

  /** Lets time pass up to now, and publishes what came of it. */
  private void pass() {
    for (String shard : board.askedFor()) {
      if (known.add(shard)) {
        autoscaler.know(shard);
      }
    }
    autoscaler.advance(clock.nowMillis() - SETTLE_MILLIS);
    if (autoscaler.snapshot().atMillis() != board.latest().atMillis()) {
      board.publish(autoscaler.snapshot());
    }
  }

  private void pause() {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      closed = true;
    }
  }
}
