package io.expertmesh.autoscaler.core.replay;

import io.expertmesh.autoscaler.core.Autoscaler;
import io.expertmesh.autoscaler.core.Decision;
import io.expertmesh.autoscaler.core.ScalingPolicy;
import io.expertmesh.autoscaler.core.TenantCaps;
import io.expertmesh.protocol.core.LoadEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Runs a trace through the autoscaler as it is, with events from simulated replicas that follow its
 * decisions.
 */
public final class Replay {
  private static final int MINUTE = 60;

  private final DemandTrace trace;
  private final ScalingPolicy policy;
  private final double objectiveSeconds;
  private final Autoscaler autoscaler;
  private final List<FluidShard> shards = new ArrayList<>();

  /**
   * @param startSeconds from the decision for a replica until it works
   * @param objectiveSeconds longest time that work should wait
   */
  public Replay(
      DemandTrace trace, ScalingPolicy policy, int startSeconds, double objectiveSeconds) {
    this.trace = Objects.requireNonNull(trace, "trace");
    this.policy = Objects.requireNonNull(policy, "policy");
    this.objectiveSeconds = objectiveSeconds;
    autoscaler = new Autoscaler(policy, Map.of(), TenantCaps.NONE);
    for (int shard = 0; shard < trace.shards().size(); shard++) {
      int first = needed(trace.minuteMean(shard, 0));
      shards.add(new FluidShard(trace.shards().get(shard), first, startSeconds));
    }
  }

  private int needed(double demand) {
    int replicas = (int) Math.ceil(demand / policy.target());
    return Math.clamp(replicas, Math.max(1, policy.min()), policy.max());
  }

  /** Runs the whole trace. */
  public ReplayResult run() {
    int count = shards.size();
    double[] peak = new double[count];
    double paid = 0;
    double foresight = 0;
    double work = 0;
    double late = 0;
    double busy = 0;
    ReplayResult.Minute[] minutes = new ReplayResult.Minute[trace.seconds() / MINUTE];
    MinuteSums minute = new MinuteSums(count);
    for (int second = 0; second < trace.seconds(); second++) {
      long end = (second + 1) * 1000L;
      for (int i = 0; i < count; i++) {
        FluidShard shard = shards.get(i);
        double arriving = trace.demand()[i][second];
        shard.flow(arriving);
        tell(shard.events(arriving), end - 500);
        double mean = trace.minuteMean(i, second);
        peak[i] = Math.max(peak[i], mean);
        int foreseen = needed(mean);
        work += arriving;
        late += shard.delay() > objectiveSeconds ? arriving : 0;
        paid += shard.paid();
        foresight += foreseen;
        busy += shard.utilisation() * shard.paid();
        minute.add(i, arriving, shard.paid(), foreseen, shard.utilisation());
      }
      autoscaler.advance(end);
      follow(end);
      if (second % MINUTE == MINUTE - 1) {
        minutes[second / MINUTE] = minute.take();
      }
    }
    double fixed = 0;
    for (double most : peak) {
      fixed += (double) needed(most) * trace.seconds();
    }
    return new ReplayResult(
        paid, fixed, foresight, work == 0 ? 0 : late / work, paid == 0 ? 0 : busy / paid, minutes);
  }

  private void follow(long nowMillis) {
    for (FluidShard shard : shards) {
      autoscaler
          .snapshot()
          .shard(trace.shards().get(shards.indexOf(shard)))
          .map(view -> view.decision())
          .filter(Decision::known)
          .ifPresent(decision -> tell(shard.follow(decision.wanted()), nowMillis));
    }
  }

  private void tell(List<LoadEvent> events, long atMillis) {
    events.forEach(event -> autoscaler.add(event, atMillis));
  }

  /** Sums over the seconds of a minute. */
  private static final class MinuteSums {
    private final double[] demand;
    private final double[] replicas;
    private double foresight;
    private double busy;

    MinuteSums(int shards) {
      demand = new double[shards];
      replicas = new double[shards];
    }

    void add(int shard, double arriving, int paid, int foreseen, double utilisation) {
      demand[shard] += arriving;
      replicas[shard] += paid;
      foresight += foreseen;
      busy += utilisation * paid;
    }

    ReplayResult.Minute take() {
      double allDemand = 0;
      double allReplicas = 0;
      int hottest = 0;
      for (int i = 0; i < demand.length; i++) {
        allDemand += demand[i];
        allReplicas += replicas[i];
        hottest = demand[i] > demand[hottest] ? i : hottest;
      }
      ReplayResult.Minute minute =
          new ReplayResult.Minute(
              allDemand / MINUTE,
              allReplicas / MINUTE,
              foresight / MINUTE,
              allReplicas == 0 ? 0 : busy / allReplicas,
              demand[hottest] / MINUTE,
              replicas[hottest] / MINUTE);
      java.util.Arrays.fill(demand, 0);
      java.util.Arrays.fill(replicas, 0);
      foresight = 0;
      busy = 0;
      return minute;
    }
  }
}
