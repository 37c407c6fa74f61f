package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.InstanceState;
import io.expertmesh.launcher.core.RestartPolicy;
import io.expertmesh.launcher.core.ServiceKind;
import io.expertmesh.launcher.core.ServiceReport;
import io.expertmesh.protocol.core.Assignment;
import java.time.Duration;
import java.util.Objects;

/** One service of the mesh over all processes that run it one after the other. For one thread. */
final class ServiceSlot {
  private static final Duration LONGEST_START = Duration.ofMinutes(1);

  private final RestartPolicy policy = new RestartPolicy();
  private InstancePlan plan;
  private ChildProcess child;
  private long startedNanos;
  private int restarts;
  private ServiceReport report = ServiceReport.of("starting");
  private long restartAtNanos;
  private boolean leaving;
  private long leaveByNanos;
  private boolean changing;

  ServiceSlot(InstancePlan plan, ChildProcess child, long nowNanos) {
    this.plan = Objects.requireNonNull(plan, "plan");
    this.child = Objects.requireNonNull(child, "child");
    this.startedNanos = nowNanos;
  }

  InstancePlan plan() {
    return plan;
  }

  ChildProcess child() {
    return child;
  }

  boolean ready() {
    return report.ready();
  }

  /** True if it is a spare that could take a shard now. */
  boolean spare() {
    return plan.kind() == ServiceKind.SPARE
        && child.isAlive()
        && report.state().equals(ServiceReport.WAITING);
  }

  /** True if there is nothing to wait for: it is ready, or would be with a shard. */
  boolean settled() {
    return ready() || spare();
  }

  /** True while its process is on the way to being settled, and for no longer than a minute. */
  boolean starting(long nowNanos) {
    return child.isAlive() && !settled() && nowNanos - startedNanos < LONGEST_START.toNanos();
  }

  /** Makes a replica of a spare. If its process ends, it is started again as that replica. */
  void assign(InstancePlan replica, long nowNanos) {
    plan = Objects.requireNonNull(replica, "replica");
    report = ServiceReport.of("starting");
    startedNanos = nowNanos;
    child.assign(replica.name(), new Assignment(replica.arguments()));
  }

  /** What it said of itself last. */
  ServiceReport report() {
    return report;
  }

  void heard(ServiceReport said) {
    report = said;
  }

  /**
   * Has the replica finish what it has and end; it is not started again.
   *
   * @param byNanos when it is killed if it has not ended
   */
  void leave(long byNanos) {
    leaving = true;
    leaveByNanos = byNanos;
    child.terminate();
  }

  /** True if it was told to leave. */
  boolean leaving() {
    return leaving;
  }

  /** True if it was told to leave and takes too long. */
  boolean leaveOverdue(long nowNanos) {
    return leaving && child.isAlive() && nowNanos - leaveByNanos >= 0;
  }

  /** Has the service end and start again with other arguments. */
  void change(InstancePlan changed, long nowNanos) {
    plan = Objects.requireNonNull(changed, "changed");
    report = ServiceReport.of("ended");
    changing = true;
    restartAtNanos = nowNanos;
    child.terminate();
  }

  /** Notes that the process ended; the answer says how long to wait before the next. */
  Duration ended(long nowNanos) {
    report = ServiceReport.of("ended");
    Duration delay = policy.delayAfter(Duration.ofNanos(nowNanos - startedNanos));
    restartAtNanos = nowNanos + delay.toNanos();
    return delay;
  }

  /** True if the process ended and its successor is due. */
  boolean restartDue(long nowNanos) {
    return !child.isAlive() && !leaving && restartAtNanos != 0 && nowNanos - restartAtNanos >= 0;
  }

  /** True if the process ended and nobody noted it yet. */
  boolean endedUnnoticed() {
    return !child.isAlive() && !leaving && restartAtNanos == 0;
  }

  void restarted(ChildProcess successor, long nowNanos) {
    child = successor;
    report = ServiceReport.of("starting");
    startedNanos = nowNanos;
    restartAtNanos = 0;
    restarts += changing ? 0 : 1;
    changing = false;
  }

  InstanceState state() {
    return new InstanceState(
        plan.name(), plan.kind(), plan.shard(), plan.grpcPort(), child.identity(), restarts);
  }
}
