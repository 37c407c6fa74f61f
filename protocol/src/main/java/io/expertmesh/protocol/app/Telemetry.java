package io.expertmesh.protocol.app;

import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.core.LoadSample;
import io.expertmesh.protocol.core.LoadSource;
import io.expertmesh.protocol.core.ServiceSnapshot;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.core.TelemetrySettings;
import io.expertmesh.protocol.transport.KafkaLoadPublisher;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Publishes the load of this process once a second, from a second after it became ready on, so that
 * starting is not slowed down by it. A process that waits for others longer than any start takes
 * begins without being ready: a router that is started while a shard has no replica must tell that
 * rows wait for it. Without a Kafka in the settings it does nothing.
 */
public final class Telemetry implements AutoCloseable {
  private static final long INTERVAL_MILLIS = 1000;
  private static final long WAITING_MILLIS = 10_000;
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private final TelemetrySettings settings;
  private final StatusBoard board;
  private final String started;

  // Guarded by this.
  private @Nullable LoadSource source;
  private @Nullable KafkaLoadPublisher publisher;
  private @Nullable ScheduledExecutorService timer;
  private @Nullable Future<?> ticks;
  private boolean ready;
  private long sequence;
  private long lastNanos;
  private boolean closed;

  private Telemetry(TelemetrySettings settings, StatusBoard board) {
    this.settings = Objects.requireNonNull(settings, "settings");
    this.board = Objects.requireNonNull(board, "board");
    this.started = Long.toString(startedMillis(), Character.MAX_RADIX);
  }

  /**
   * Telemetry of a process.
   *
   * @param property value of a configuration key, null if it is not set
   * @param board whose instance name, with the time at which the process started, names the replica
   */
  public static Telemetry of(UnaryOperator<@Nullable String> property, StatusBoard board) {
    return new Telemetry(TelemetrySettings.of(property), board);
  }

  /**
   * Names and process ids come back when a container is started again, and then its intervals,
   * numbered anew, would be taken for those that were told before.
   */
  private static long startedMillis() {
    return ProcessHandle.current()
        .info()
        .startInstant()
        .map(Instant::toEpochMilli)
        .orElseGet(System::currentTimeMillis);
  }

  /** Begins when the board is ready for the first time, or has waited for long. */
  public Telemetry start(LoadSource from) {
    if (settings.enabled()) {
      synchronized (this) {
        source = Objects.requireNonNull(from, "from");
      }
      board.counter("load_events_sent", () -> counted(KafkaLoadPublisher::sent));
      board.counter("load_events_dropped", () -> counted(KafkaLoadPublisher::dropped));
      board.onState(
          state -> {
            switch (state) {
              case READY -> begin(true);
              case WAITING -> begin(false);
              case STARTING, LOADING, PACKING, SELF_TEST, DRAINING, FAILED -> {}
            }
          });
    }
    return this;
  }

  private synchronized long counted(java.util.function.ToLongFunction<KafkaLoadPublisher> counter) {
    KafkaLoadPublisher open = publisher;
    return open == null ? 0 : counter.applyAsLong(open);
  }

  private synchronized void begin(boolean isReady) {
    if (closed || ready || (ticks != null && !isReady)) {
      return;
    }
    ready = isReady;
    ScheduledExecutorService clockwork = timer;
    if (clockwork == null) {
      clockwork =
          Executors.newSingleThreadScheduledExecutor(
              Thread.ofPlatform().daemon().name("load-sampler").factory());
      timer = clockwork;
    }
    Future<?> waiting = ticks;
    if (waiting != null) {
      waiting.cancel(false);
    }
    if (publisher == null) {
      lastNanos = System.nanoTime();
    }
    // A fixed delay: after a pause of the process one long interval is told, not many empty ones.
    ticks =
        clockwork.scheduleWithFixedDelay(
            this::publish,
            isReady ? INTERVAL_MILLIS : WAITING_MILLIS,
            INTERVAL_MILLIS,
            TimeUnit.MILLISECONDS);
  }

  private synchronized void publish() {
    LoadSource from = source;
    if (from == null || (closed && publisher == null)) {
      return;
    }
    KafkaLoadPublisher open = publisher;
    if (open == null) {
      open = new KafkaLoadPublisher(settings);
      publisher = open;
    }
    open.publish(event(from.take()));
  }

  private LoadEvent event(LoadSample sample) {
    long now = System.nanoTime();
    long millis = Math.max(1, (now - lastNanos) / MILLI);
    lastNanos = now;
    ServiceSnapshot status = board.snapshot();
    return new LoadEvent(
        status.service(),
        status.shard(),
        status.instance() + "-" + started,
        status.modelId(),
        sequence++,
        System.currentTimeMillis(),
        (int) Math.min(millis, Integer.MAX_VALUE),
        closed || status.state() == ServiceState.DRAINING,
        sample.tokensIn(),
        sample.tokensOut(),
        sample.batches(),
        sample.busySeconds(),
        sample.queueMeanMillis(),
        sample.queueP99Millis(),
        sample.inFlightTokens(),
        sample.shed(),
        sample.experts(),
        sample.parked(),
        sample.tenants());
  }

  /** Tells once more, that the process leaves. */
  @Override
  public void close() {
    ScheduledExecutorService running;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      running = timer;
    }
    if (running != null) {
      running.shutdownNow();
      publish();
    }
    KafkaLoadPublisher open;
    synchronized (this) {
      open = publisher;
    }
    if (open != null) {
      open.close();
    }
  }
}
