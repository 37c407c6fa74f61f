package io.expertmesh.gateway.core.generation;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One attention replica: how it is called, what it said last, how much it has in flight. */
public final class Replica {
  private final String address;
  private final GenerationEngine engine;
  private final AtomicInteger inFlight = new AtomicInteger();

  private volatile @Nullable ReplicaDescription description;
  private volatile boolean reachable;
  private volatile String trouble;

  public Replica(String address, GenerationEngine engine) {
    this.address = Objects.requireNonNull(address, "address");
    this.engine = Objects.requireNonNull(engine, "engine");
    this.trouble = "attention-service " + address + " has not answered yet";
  }

  /** {@code host:port}, for people. */
  public String address() {
    return address;
  }

  /** What it said of itself last, null before its first answer. */
  public @Nullable ReplicaDescription description() {
    return description;
  }

  /** Why it is not ready, for people. */
  public String trouble() {
    return trouble;
  }

  /** Whether its last answer said that it is ready. */
  public boolean ready() {
    ReplicaDescription latest = description;
    return reachable && latest != null && latest.ready();
  }

  /**
   * Whether work may be sent to it. While one of its experts is missing its requests wait for that
   * one; they are also what wakes a shard that was scaled to none.
   */
  public boolean usable() {
    ReplicaDescription latest = description;
    return reachable && latest != null && (latest.ready() || latest.waitsForExperts());
  }

  /** Sequences that were sent to it and have not ended. */
  public int inFlight() {
    return inFlight.get();
  }

  /** It answered. */
  public void described(ReplicaDescription latest) {
    description = latest;
    reachable = true;
    trouble = latest.ready() ? "" : latest.notReadyReason();
  }

  /** It did not answer, or broke off a call. */
  public void lost(String why) {
    reachable = false;
    trouble = "attention-service " + address + ": " + why;
  }

  GenerationEngine engine() {
    return engine;
  }

  void began() {
    inFlight.incrementAndGet();
  }

  void ended() {
    inFlight.decrementAndGet();
  }
}
