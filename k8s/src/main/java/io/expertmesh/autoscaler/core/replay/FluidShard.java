package io.expertmesh.autoscaler.core.replay;

import io.expertmesh.protocol.core.LoadEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A shard as a fluid: work flows in, every replica that is ready works off one second of it per
 * second, the rest waits. Replicas need a time to start and are paid for from their start on.
 */
final class FluidShard {
  private static final double SECONDS_PER_TOKEN = 0.001;

  private final String name;
  private final int startSeconds;
  private final List<Replica> replicas = new ArrayList<>();
  private int started;
  private int second;
  private double backlog;
  private double delay;
  private double served;

  private record Replica(String name, int bornAt, int readyAt) {}

  FluidShard(String name, int replicas, int startSeconds) {
    this.name = name;
    this.startSeconds = startSeconds;
    for (int i = 0; i < replicas; i++) {
      this.replicas.add(new Replica(name + "-" + started++, 0, 0));
    }
  }

  /** Replicas that are ready or starting. */
  int paid() {
    return replicas.size();
  }

  private int ready() {
    return (int) replicas.stream().filter(replica -> replica.readyAt() <= second).count();
  }

  /** Work flows in for a second. */
  void flow(double work) {
    second++;
    int ready = ready();
    double waiting = backlog + work;
    served = Math.min(waiting, ready);
    backlog = waiting - served;
    delay = backlog == 0 ? 0 : ready == 0 ? Double.POSITIVE_INFINITY : backlog / ready;
  }

  /** Seconds that work which arrived in the last second waits. */
  double delay() {
    return delay;
  }

  /** Part of their time that ready replicas were busy in the last second. */
  double utilisation() {
    int ready = ready();
    return ready == 0 ? 0 : served / ready;
  }

  /** What the ready replicas tell of the last second. */
  List<LoadEvent> events(double work) {
    List<LoadEvent> events = new ArrayList<>();
    int ready = ready();
    for (Replica replica : replicas) {
      if (replica.readyAt() <= second) {
        events.add(event(replica, work / ready, served / ready));
      }
    }
    return events;
  }

  private LoadEvent event(Replica replica, double in, double out) {
    double wait = Math.min(delay, 600) * 1000;
    return new LoadEvent(
        LoadEvent.EXPERT_SERVICE,
        name,
        replica.name(),
        "",
        second - replica.bornAt(),
        0,
        1000,
        false,
        Math.round(in / SECONDS_PER_TOKEN),
        Math.round(out / SECONDS_PER_TOKEN),
        Math.round(out / SECONDS_PER_TOKEN),
        out,
        wait,
        wait,
        0,
        0,
        List.of(),
        Map.of(),
        Map.of());
  }

  /**
   * Starts or ends replicas.
   *
   * @return what those that end say last
   */
  List<LoadEvent> follow(int wanted) {
    while (replicas.size() < wanted) {
      replicas.add(new Replica(name + "-" + started++, second, second + startSeconds));
    }
    List<LoadEvent> last = new ArrayList<>();
    while (replicas.size() > wanted) {
      Replica left = replicas.removeLast();
      last.add(
          new LoadEvent(
              LoadEvent.EXPERT_SERVICE,
              name,
              left.name(),
              "",
              second + 1 - left.bornAt(),
              0,
              1000,
              true,
              0,
              0,
              0,
              0,
              0,
              0,
              0,
              0,
              List.of(),
              Map.of(),
              Map.of()));
    }
    return last;
  }
}
