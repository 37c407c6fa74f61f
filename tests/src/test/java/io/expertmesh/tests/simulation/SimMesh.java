package io.expertmesh.tests.simulation;

import io.expertmesh.attention.core.Sequence;
import io.expertmesh.attention.core.SequenceState;
import io.expertmesh.model.kernel.KvLayout;
import io.expertmesh.router.core.Replica;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** All engines, routers, replicas and requests of one run, and what must hold between them. */
final class SimMesh {
  private static final int REQUESTS = 18;
  private static final long ARRIVALS = 120_000_000;
  private static final long WARM_UP = 30_000_000;

  /** After the last fault everything must have ended within this time. */
  private static final long LIVENESS = 5_000_000_000L;

  private final Shape shape;
  private final Timeline timeline = new Timeline();
  private final SplittableRandom random;
  private final List<SimEngine> engines = new ArrayList<>();
  private final List<SimRouter> routers = new ArrayList<>();
  private final List<SimReplica> replicas = new ArrayList<>();
  private final List<SimRequest> requests = new ArrayList<>();
  private final List<FaultPlan.Planned> faults;
  private final Workload workload;
  private long quietAt = WARM_UP + ARRIVALS;

  SimMesh(long seed) {
    random = new SplittableRandom(seed);
    shape = Shape.draw(random.split(), seed);
    workload = new Workload(shape.model(), timeline, random.split());
    for (int i = 0; i < shape.routers(); i++) {
      routers.add(new SimRouter("router" + i, shape, timeline, random.split()));
    }
    for (int i = 0; i < shape.shards() * shape.replicas(); i++) {
      int shard = i / shape.replicas();
      String name = "expert" + shard + (char) ('a' + i % shape.replicas());
      SimReplica replica = new SimReplica(name, shard, shape, timeline, random.split(), routers);
      replicas.add(replica);
      replica.start();
    }
    for (int i = 0; i < shape.engines(); i++) {
      SimEngine engine = new SimEngine("engine" + i, shape, timeline, random.split());
      engines.add(engine);
      routers.forEach(engine::dial);
    }
    for (int i = 0; i < REQUESTS; i++) {
      timeline.at(WARM_UP + random.nextLong(ARRIVALS), "a request comes", this::submitNext);
    }
    faults = FaultPlan.draw(shape, random.split(), REQUESTS);
    for (FaultPlan.Planned planned : faults) {
      long at = WARM_UP + planned.at();
      quietAt = Math.max(quietAt, at + planned.fault().lasts());
      timeline.at(at, "FAULT " + planned.fault(), () -> planned.fault().strike(this));
    }
    timeline.afterEach(this::check);
  }

  SimReplica replica(int index) {
    return replicas.get(index);
  }

  SimRouter router(int index) {
    return routers.get(index);
  }

  SimEngine engine(int index) {
    return engines.get(index);
  }

  void heal(long nanos, String what, Runnable action) {
    timeline.after(nanos, what, action);
  }

  void submitNext() {
    SimRequest request = workload.next();
    requests.add(request);
    engines.get(requests.size() % engines.size()).submit(request);
  }

  void cancel(int index) {
    if (index < requests.size()) {
      engines.get((index + 1) % engines.size()).cancel(requests.get(index));
    }
  }

  void stall(int index, long nanos) {
    if (index < requests.size()) {
      requests.get(index).stall(nanos);
    }
  }

  /** Runs until every request has ended and nothing is left. */
  void run() {
    long limit = quietAt + LIVENESS;
    boolean more = true;
    while (more && !(requests.size() >= REQUESTS && timeline.now() >= quietAt && allEnded())) {
      more = timeline.runNext(limit);
    }
    for (SimRequest request : requests) {
      Violation.unless(
          request.ended(), () -> request.id() + " has not ended: " + request.sequence());
      Violation.unless(
          request.failure() == null || request.sequence() == null || !request.mustComplete(quietAt),
          () -> request.id() + " failed as " + request.failure() + " with time left");
    }
    more = true;
    while (more && !idle()) {
      more = timeline.runNext(limit + LIVENESS);
    }
    checkIdle();
  }

  private boolean allEnded() {
    return requests.stream().allMatch(SimRequest::ended);
  }

  private boolean idle() {
    return routers.stream().allMatch(one -> !one.up() || one.dispatcher().callsInFlight() == 0)
        && replicas.stream().allMatch(one -> !one.up() || one.queue().isIdle());
  }

  private void check() {
    engines.forEach(this::check);
    routers.forEach(this::check);
    replicas.forEach(SimReplica::check);
    for (SimRequest request : requests) {
      Sequence sequence = request.sequence();
      if (sequence != null && sequence.state() == SequenceState.FINISHED) {
        Violation.unless(
            sequence.table().count() == 0, () -> request.id() + " has ended and still holds pages");
      }
    }
  }

  private void check(SimEngine engine) {
    engine.pages().checkInvariants();
    List<Sequence> all = engine.core().scheduler().all();
    Map<Integer, Sequence> owners = new HashMap<>();
    for (Sequence sequence : all) {
      for (int block = 0; block < sequence.table().count(); block++) {
        Sequence other = owners.putIfAbsent(sequence.table().pages()[block], sequence);
        if (other != null) {
          checkShared(engine, sequence, other, block);
        }
      }
    }
    Violation.unless(
        owners.size() == engine.pages().inUse(),
        "%s: %d pages in use, its sequences hold %d",
        engine.name(),
        engine.pages().inUse(),
        owners.size());
    Violation.unless(
        engine.core().scheduler().admittedCount() <= shape.limits().maxSequences(),
        () -> engine.name() + " admitted more sequences than it may");
    Violation.unless(
        engine.core().scheduler().waitingCount()
            <= shape.limits().maxQueue() + shape.limits().maxSequences(),
        () -> engine.name() + " lets more requests wait than it may");
  }

  /** A page may be shared only where tenant, place and all ids up to its end are the same. */
  private static void checkShared(SimEngine engine, Sequence a, Sequence b, int block) {
    int end = (block + 1) * KvLayout.PAGE_TOKENS;
    Violation.unless(
        Arrays.equals(a.request().cacheSalt(), b.request().cacheSalt()),
        () -> engine.name() + " shares a page between tenants: " + a + ", " + b);
    Violation.unless(
        block < b.table().count()
            && a.table().pages()[block] == b.table().pages()[block]
            && a.length() >= end
            && b.length() >= end
            && Arrays.equals(a.ids(), 0, end, b.ids(), 0, end),
        () -> engine.name() + " shares a page between different prefixes: " + a + ", " + b);
  }

  private void check(SimRouter router) {
    if (!router.up()) {
      return;
    }
    var dispatcher = router.dispatcher();
    Violation.unless(
        dispatcher.rowsInFlight() >= 0
            && (dispatcher.rowsInFlight() <= shape.dispatch().maxRowsInFlight()
                || dispatcher.callsInFlight() == 1),
        () -> router.name() + " has " + dispatcher.rowsInFlight() + " rows in flight");
    Violation.unless(
        dispatcher.messagesInFlight() == router.ledger().messagesOut(),
        "%s counts %d messages in flight, %d are out",
        router.name(),
        dispatcher.messagesInFlight(),
        router.ledger().messagesOut());
  }

  private void checkIdle() {
    for (SimEngine engine : engines) {
      Violation.unless(
          engine.pages().inUse() == 0 && engine.core().scheduler().all().isEmpty(),
          () -> engine.name() + " holds " + engine.pages().inUse() + " pages at the end");
    }
    for (SimRouter router : routers) {
      if (router.up()) {
        var dispatcher = router.dispatcher();
        Violation.unless(
            dispatcher.callsInFlight() == 0
                && dispatcher.messagesInFlight() == 0
                && dispatcher.rowsInFlight() == 0,
            () -> router.name() + " still has calls, messages or rows in flight at the end");
        router.ledger().checkIdle();
        for (Replica replica : router.registry().replicas()) {
          Violation.unless(
              replica.inFlightPairs() == 0,
              "%s counts %d pairs in flight at %s at the end",
              router.name(),
              replica.inFlightPairs(),
              replica);
        }
      }
    }
    replicas.forEach(SimReplica::checkIdle);
  }

  /** What happened in this run, for the account of all runs. */
  Tally tally() {
    Tally tally = new Tally();
    tally.events = timeline.eventsRun();
    for (SimRequest request : requests) {
      tally.ended(request.failure());
    }
    for (SimEngine engine : engines) {
      tally.preemptions += engine.core().scheduler().preemptions();
      tally.evictions += engine.pages().evictions();
    }
    for (SimRequest request : requests) {
      Sequence sequence = request.sequence();
      tally.reusedTokens += sequence == null ? 0 : sequence.cachedTokens();
    }
    for (SimRouter router : routers) {
      var counters = router.dispatcher().counters();
      tally.retries += counters.retries();
      tally.ejections += counters.ejections();
      tally.lateReplies += counters.lateReplies();
      tally.unavailableRows += counters.unavailableRows();
    }
    return tally;
  }

  /** The run so far, for people. */
  String story() {
    StringBuilder text = new StringBuilder();
    text.append("mesh: ").append(shape).append("\nfaults:\n");
    faults.forEach(one -> text.append("  ").append(one).append('\n'));
    text.append("last events:\n");
    timeline.history().forEach(line -> text.append("  ").append(line).append('\n'));
    return text.toString();
  }
}
