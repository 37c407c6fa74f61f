package io.expertmesh.protocol.core;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;

/**
 * Where a process writes what it is doing, and where everybody who wants to show it reads a
 * consistent snapshot. All methods may be called from any thread; writers never wait for readers of
 * latencies and counters.
 */
public final class StatusBoard {
  private final String service;
  private final LongSupplier nanoClock;
  private final long started;
  private final LongAdder tokens = new LongAdder();
  private final TokenRate rate;
  private final RecentLatency latency;
  private final Map<String, LongSupplier> counters = new ConcurrentHashMap<>();
  private final List<Consumer<ServiceState>> listeners = new CopyOnWriteArrayList<>();

  private volatile IntSupplier queueDepth = () -> 0;
  private volatile IntSupplier inFlight = () -> 0;
  private volatile Supplier<List<LoadEvent.ExpertTokens>> experts = List::of;

  // Guarded by this.
  private String instance;
  private ServiceState state = ServiceState.STARTING;
  private String detail = "";
  private double progress;
  private String shard = "";
  private String modelId = "";
  private long weightsVersion;
  private String numericsClass = "";

  /**
   * @param service kind of service, for example {@code router-service}
   * @param instance name of this process among its kind
   * @param nanoClock monotonic time, {@code System::nanoTime} outside of tests
   */
  public StatusBoard(String service, String instance, LongSupplier nanoClock) {
    this.service = Objects.requireNonNull(service, "service");
    this.instance = Objects.requireNonNull(instance, "instance");
    this.nanoClock = Objects.requireNonNull(nanoClock, "nanoClock");
    started = nanoClock.getAsLong();
    rate = new TokenRate(started);
    latency = new RecentLatency(started);
  }

  /** Enters a state, with a plain sentence for people (may be empty). Listeners hear of it. */
  public void state(ServiceState newState, String newDetail) {
    synchronized (this) {
      state = Objects.requireNonNull(newState, "state");
      detail = Objects.requireNonNull(newDetail, "detail");
    }
    listeners.forEach(listener -> listener.accept(newState));
  }

  /** The state as of now. */
  public synchronized ServiceState state() {
    return state;
  }

  /** Calls back with every state from now on, the present one first, on the thread that sets it. */
  public void onState(Consumer<ServiceState> listener) {
    listeners.add(listener);
    listener.accept(state());
  }

  /** How much of loading and packing is done, 0..1. */
  public synchronized void progress(double done) {
    progress = Math.clamp(done, 0.0, 1.0);
  }

  /** Names this process anew: one that waited for its work is called after it. */
  public synchronized void instance(String name) {
    instance = Objects.requireNonNull(name, "name");
  }

  /** Names the shard that this process hosts. */
  public synchronized void shard(String name) {
    shard = Objects.requireNonNull(name, "shard");
  }

  /** Names the model and what its results depend on. */
  public synchronized void model(String id, long version, String numerics) {
    modelId = Objects.requireNonNull(id, "modelId");
    weightsVersion = version;
    numericsClass = Objects.requireNonNull(numerics, "numericsClass");
  }

  /** Where the depth of the queue and the work in flight are read from at each snapshot. */
  public void gauges(IntSupplier queue, IntSupplier flight) {
    queueDepth = Objects.requireNonNull(queue, "queue");
    inFlight = Objects.requireNonNull(flight, "flight");
  }

  /** Where the tokens of every hosted expert since the start are read from. */
  public void experts(Supplier<List<LoadEvent.ExpertTokens>> totals) {
    experts = Objects.requireNonNull(totals, "totals");
  }

  /** Tokens of every hosted expert since the start; empty if the process hosts none. */
  public List<LoadEvent.ExpertTokens> experts() {
    return experts.get();
  }

  /** Counts tokens that were worked off now. Meant to be called once per batch. */
  public void addTokens(long count) {
    tokens.add(count);
    synchronized (rate) {
      rate.add(nanoClock.getAsLong(), count);
    }
  }

  /** Tokens since the start. */
  public long tokensTotal() {
    return tokens.sum();
  }

  /** What is being worked on now. */
  public int inFlight() {
    return inFlight.getAsInt();
  }

  /** Records how long one unit of work took, in nanoseconds. Never blocks. */
  public void latency(long nanos) {
    latency.record(nanos);
  }

  /** A counter of this name, kept by the board. The caller holds on to it and adds to it. */
  public LongAdder counter(String name) {
    LongAdder adder = new LongAdder();
    counter(name, adder::sum);
    return adder;
  }

  /** A counter that is read from elsewhere at each snapshot. Its name must be new. */
  public void counter(String name, LongSupplier value) {
    if (counters.putIfAbsent(name, value) != null) {
      throw new IllegalArgumentException("counter " + name + " exists already");
    }
  }

  /**
   * Everything as of now. Counters and gauges are asked without the board's lock: whoever keeps
   * them may hold a lock of its own while it asks the board.
   */
  public ServiceSnapshot snapshot() {
    long now = nanoClock.getAsLong();
    double perSecond;
    synchronized (rate) {
      perSecond = rate.perSecond(now);
    }
    Histogram recent;
    synchronized (latency) {
      recent = latency.recent(now);
    }
    Map<String, Long> counts = new TreeMap<>();
    counters.forEach((name, value) -> counts.put(name, value.getAsLong()));
    int queue = queueDepth.getAsInt();
    int flight = inFlight.getAsInt();
    synchronized (this) {
      return new ServiceSnapshot(
          service,
          instance,
          state,
          detail,
          progress,
          shard,
          modelId,
          weightsVersion,
          numericsClass,
          tokens.sum(),
          perSecond,
          queue,
          flight,
          recent.getValueAtPercentile(50) / 1000.0,
          recent.getValueAtPercentile(99) / 1000.0,
          TimeUnit.NANOSECONDS.toMillis(now - started),
          counts);
    }
  }
}
