package io.expertmesh.tests.simulation;

import io.expertmesh.router.core.Replica;
import java.util.random.RandomGenerator;

/** What is between a router and a replica: the lease and the stream of calls. */
final class Connection {
  /** Silence after which both ends give a connection up. */
  static final long KEEPALIVE = 200_000_000;

  private static final long NOTICE = 30_000;

  private final SimRouter router;
  private final SimReplica replica;
  private final int incarnation;
  private final Replica lease;
  private final Timeline timeline;
  private final Wire requests;
  private final Wire replies;
  private final Wire leaseUpdates;
  private int holders;
  private long silences;
  private boolean open = true;

  Connection(
      SimRouter router,
      SimReplica replica,
      Replica lease,
      Timeline timeline,
      RandomGenerator random) {
    this.router = router;
    this.replica = replica;
    this.incarnation = replica.incarnation();
    this.lease = lease;
    this.timeline = timeline;
    requests = new Wire(timeline, random, router.name() + "→" + lease.id());
    replies = new Wire(timeline, random, lease.id() + "→" + router.name());
    leaseUpdates = new Wire(timeline, random, lease.id() + " lease at " + router.name());
  }

  SimRouter router() {
    return router;
  }

  SimReplica replica() {
    return replica;
  }

  Replica lease() {
    return lease;
  }

  boolean open() {
    return open;
  }

  Wire requests() {
    return requests;
  }

  Wire replies() {
    return replies;
  }

  Wire leaseUpdates() {
    return leaseUpdates;
  }

  /** Nothing passes until released; both ends give up if that takes too long. */
  void hold() {
    requests.hold();
    replies.hold();
    leaseUpdates.hold();
    if (holders++ == 0) {
      long silence = ++silences;
      timeline.after(
          KEEPALIVE,
          "keepalive of " + lease.id() + " at " + router.name(),
          () -> {
            if (holders > 0 && silence == silences) {
              breakOff("no sign of life");
            }
          });
    }
  }

  void release() {
    holders--;
    requests.release();
    replies.release();
    leaseUpdates.release();
  }

  /** Ends it; each side hears of it a moment later. */
  void breakOff(String why) {
    if (!open) {
      return;
    }
    open = false;
    requests.close();
    replies.close();
    leaseUpdates.close();
    timeline.after(
        NOTICE, router.name() + " loses " + lease.id() + ": " + why, () -> router.lost(this));
    timeline.after(
        2 * NOTICE,
        lease.id() + " loses " + router.name() + ": " + why,
        () -> replica.disconnected(this, incarnation));
  }
}
