package io.expertmesh.autoscaler.transport;

import io.expertmesh.autoscaler.core.Snapshot;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * The newest snapshot, for everyone who answers questions, and the shards they asked for. Listeners
 * are told on the thread that publishes and must not wait. Thread-safe.
 */
public final class SnapshotBoard {
  private final List<Consumer<Snapshot>> listeners = new CopyOnWriteArrayList<>();
  private final Set<String> askedFor = new ConcurrentSkipListSet<>();
  private volatile Snapshot latest = Snapshot.EMPTY;

  /** Replaces the snapshot. */
  public void publish(Snapshot snapshot) {
    latest = snapshot;
    listeners.forEach(listener -> listener.accept(snapshot));
  }

  /** The newest snapshot. */
  public Snapshot latest() {
    return latest;
  }

  /** Hears of every snapshot from now on. */
  public void listen(Consumer<Snapshot> listener) {
    listeners.add(listener);
  }

  /** Hears no more. */
  public void leave(Consumer<Snapshot> listener) {
    listeners.remove(listener);
  }

  /** A shard is someone's concern, whether it has replicas or not. */
  public void askFor(String shard) {
    askedFor.add(shard);
  }

  /** The shards that anyone has asked for. */
  public Set<String> askedFor() {
    return askedFor;
  }
}
