package io.expertmesh.autoscaler.app;

import io.expertmesh.autoscaler.transport.LoadReader;
import io.expertmesh.autoscaler.transport.SnapshotBoard;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import java.time.Duration;

/** The thread that reads load events, and what the process says of it. */
final class Reading implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final LoadReader reader;
  private final Thread thread;

  Reading(LoadReader reader, SnapshotBoard board, StatusBoard status) {
    this.reader = reader;
    status.counter("load_events", reader::records);
    status.counter("malformed_records", reader::malformed);
    // Blind or not, it answers; what it cannot tell is an error of the single call.
    status.state(ServiceState.READY, "no load event has been read yet");
    board.listen(
        snapshot ->
            status.state(
                ServiceState.READY,
                snapshot.blind()
                    ? "no load events arrive; nothing is taken away"
                    : snapshot.shards().size() + " shards"));
    thread = Thread.ofPlatform().daemon().name("load-reader").start(reader::run);
  }

  @Override
  public void close() {
    reader.close();
    try {
      thread.join(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
