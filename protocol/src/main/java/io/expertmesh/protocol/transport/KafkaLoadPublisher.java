package io.expertmesh.protocol.transport;

import io.expertmesh.protocol.core.LatestEvents;
import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.core.TelemetrySettings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Sends load events to Kafka without ever holding up whoever publishes: events wait in a bounded
 * queue, out of which the oldest fall, and a thread of its own sends them. The producer is made on
 * that thread too.
 */
public final class KafkaLoadPublisher implements AutoCloseable {
  private static final int WAITING_EVENTS = 30;
  private static final String BUFFER_BYTES = "1048576";
  private static final String MAX_BLOCK_MILLIS = "500";
  private static final String REQUEST_MILLIS = "2000";
  private static final String DELIVERY_MILLIS = "5000";
  private static final long RETRY_MILLIS = 2000;
  private static final Duration CLOSE = Duration.ofMillis(500);

  private final TelemetrySettings settings;
  private final LatestEvents<LoadEvent> waiting = new LatestEvents<>(WAITING_EVENTS);
  private final Semaphore added = new Semaphore(0);
  private final LongAdder sent = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final Thread thread;
  private volatile boolean closing;

  /** Starts the sending thread; nothing is connected before the first event. */
  public KafkaLoadPublisher(TelemetrySettings settings) {
    this.settings = Objects.requireNonNull(settings, "settings");
    thread = Thread.ofPlatform().daemon().name("load-events").start(this::run);
  }

  /** Queues an event. Never waits. */
  public void publish(LoadEvent event) {
    waiting.add(event);
    added.release();
  }

  /** Events that Kafka has acknowledged. */
  public long sent() {
    return sent.sum();
  }

  /** Events that were given up: fallen out of the queue, or not taken by Kafka in time. */
  public long dropped() {
    return waiting.dropped() + failed.sum();
  }

  private void run() {
    try (Producer<byte[], byte[]> producer = producer()) {
      if (producer == null) {
        return;
      }
      while (!closing || waiting.size() > 0) {
        LoadEvent event = next();
        if (event != null) {
          send(producer, event);
        }
      }
      producer.close(CLOSE);
    }
  }

  private @Nullable LoadEvent next() {
    try {
      if (added.tryAcquire(RETRY_MILLIS, TimeUnit.MILLISECONDS)) {
        return waiting.poll();
      }
    } catch (InterruptedException e) {
      closing = true;
    }
    return closing ? waiting.poll() : null;
  }

  /** A producer needs the broker's name to be resolvable, which it may not be yet. */
  private @Nullable Producer<byte[], byte[]> producer() {
    while (!closing) {
      try {
        return new KafkaProducer<>(
            properties(), new ByteArraySerializer(), new ByteArraySerializer());
      } catch (KafkaException e) {
        try {
          TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
        } catch (InterruptedException interrupted) {
          closing = true;
        }
      }
    }
    return null;
  }

  private Properties properties() {
    Properties properties = KafkaClients.properties(settings);
    // An event that is lost is replaced by the next one a second later.
    properties.putIfAbsent("acks", "1");
    properties.putIfAbsent("enable.idempotence", "false");
    properties.putIfAbsent("buffer.memory", BUFFER_BYTES);
    properties.putIfAbsent("max.block.ms", MAX_BLOCK_MILLIS);
    properties.putIfAbsent("request.timeout.ms", REQUEST_MILLIS);
    properties.putIfAbsent("delivery.timeout.ms", DELIVERY_MILLIS);
    properties.putIfAbsent("linger.ms", "0");
    return properties;
  }

  private void send(Producer<byte[], byte[]> producer, LoadEvent event) {
    try {
      var unused =
          producer.send(
              new ProducerRecord<>(
                  settings.topic(),
                  event.key().getBytes(StandardCharsets.UTF_8),
                  LoadEventJson.write(event)),
              (metadata, failure) -> (failure == null ? sent : failed).increment());
    } catch (KafkaException e) {
      failed.increment();
    }
  }

  /** Sends what waits, for a moment, and ends. */
  @Override
  public void close() {
    closing = true;
    added.release();
    try {
      if (!thread.join(CLOSE)) {
        thread.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
