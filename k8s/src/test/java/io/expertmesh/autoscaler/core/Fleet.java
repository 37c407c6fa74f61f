package io.expertmesh.autoscaler.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A shard whose replicas write an event a second, over simulated time, and follow what the
 * autoscaler wants at once.
 */
final class Fleet {
  static final String SHARD = "experts-0";

  final Autoscaler autoscaler;
  final List<Integer> history = new ArrayList<>();
  private final List<Long> born = new ArrayList<>();
  private long second;
  private int started;
  private long routerSequence;

  Fleet(ScalingPolicy policy, int replicas) {
    this(policy, replicas, TenantCaps.NONE);
  }

  Fleet(ScalingPolicy policy, int replicas, TenantCaps caps) {
    autoscaler = new Autoscaler(policy, Map.of(), caps);
    follow(replicas);
  }

  long nowMillis() {
    return second * 1000;
  }

  int replicas() {
    return born.size();
  }

  /** A second passes in which the replicas share a demand, and are heard of. */
  void second(double demand) {
    second++;
    double each = Math.min(1, demand / Math.max(1, born.size()));
    double queueMillis = born.isEmpty() ? 0 : Math.max(0, demand / born.size() - 1) * 1000;
    for (int i = 0; i < born.size(); i++) {
      long id = born.get(i);
      autoscaler.add(
          Events.expert(SHARD, "r" + id, second, each, queueMillis, false), nowMillis() - 500);
    }
    autoscaler.add(Events.router(routerSequence++, Map.of()), nowMillis() - 400);
    autoscaler.advance(nowMillis());
    act();
  }

  /** A second passes in which rows find no replica. */
  void secondWithParkedRows(String shard) {
    second++;
    autoscaler.add(Events.router(routerSequence++, Map.of(shard, 4L)), nowMillis() - 400);
    autoscaler.advance(nowMillis());
    act();
  }

  /** A second passes in which nothing is heard. */
  void silentSecond() {
    second++;
    autoscaler.advance(nowMillis());
    act();
  }

  private void act() {
    Decision decision = view().decision();
    if (decision.known()) {
      follow(decision.wanted());
    }
    history.add(born.size());
  }

  private void follow(int wanted) {
    while (born.size() < wanted) {
      born.add((long) started++);
    }
    while (born.size() > wanted) {
      long id = born.removeLast();
      autoscaler.add(Events.expert(SHARD, "r" + id, second + 1, 0, 0, true), nowMillis());
    }
  }

  ShardView view() {
    return autoscaler.snapshot().shard(SHARD).orElseThrow();
  }
}
