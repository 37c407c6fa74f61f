package io.expertmesh.tests.simulation;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.random.RandomGenerator;

/** Which faults strike when. */
final class FaultPlan {
  /** Faults strike before this time. */
  static final long WINDOW = 150_000_000;

  private static final long LONGEST = 400_000_000;
  private static final int KINDS = 20;

  private final Shape shape;
  private final RandomGenerator random;
  private final int requests;
  private final BitSet shardsWithNaN = new BitSet();

  private FaultPlan(Shape shape, RandomGenerator random, int requests) {
    this.shape = shape;
    this.random = random;
    this.requests = requests;
  }

  /** A fault and its time. */
  record Planned(long at, Fault fault) {}

  static List<Planned> draw(Shape shape, RandomGenerator random, int requests) {
    FaultPlan plan = new FaultPlan(shape, random, requests);
    List<Planned> planned = new ArrayList<>();
    int count = 2 + random.nextInt(10);
    for (int i = 0; i < count; i++) {
      planned.add(new Planned(random.nextLong(WINDOW), plan.fault()));
    }
    return planned;
  }

  private Fault fault() {
    int replica = random.nextInt(shape.shards() * shape.replicas());
    int request = random.nextInt(requests);
    long nanos = 1 + random.nextLong(random.nextBoolean() ? LONGEST / 10 : LONGEST);
    return switch (random.nextInt(KINDS)) {
      case 0 -> new Fault.KillReplica(replica, nanos);
      case 1 -> new Fault.RestartReplica(replica);
      case 2 -> new Fault.FlapReplica(replica);
      case 3 -> new Fault.PauseReplica(replica, nanos);
      case 4, 16 -> new Fault.SlowReplica(replica, 2 + random.nextInt(40), nanos);
      case 5 -> nan(replica, nanos);
      case 6 -> new Fault.WrongShape(replica, nanos);
      case 7 -> new Fault.WrongVersion(replica, nanos);
      case 8 -> new Fault.RejectOverload(replica, nanos);
      case 9 -> new Fault.DrainReplica(replica, nanos);
      case 10 -> new Fault.PartitionRouterExpert(random.nextInt(shape.routers()), replica, nanos);
      case 11 -> new Fault.LoseRouter(random.nextInt(shape.routers()), nanos);
      case 12, 17, 18 -> new Fault.BreakStreams(random.nextInt(shape.engines()));
      case 13 -> new Fault.StallReader(request, nanos);
      case 14 -> new Fault.BurstOfRequests(2 + random.nextInt(8));
      default -> new Fault.CancelRequest(request);
    };
  }

  /** Two NaN replicas of one shard at a time would rightly be believed; so one per shard. */
  private Fault nan(int replica, long nanos) {
    int shard = replica / shape.replicas();
    if (shardsWithNaN.get(shard)) {
      return new Fault.KillReplica(replica, nanos);
    }
    shardsWithNaN.set(shard);
    return new Fault.AnswerNaN(replica, nanos);
  }
}
