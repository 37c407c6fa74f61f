package io.expertmesh.router.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.router.core.gating.Assignments;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;

/**
 * A dispatcher among callers and replicas that come, go, stall and lie, on one thread and a virtual
 * clock. After every event the books must balance.
 */
final class SimulatedMesh implements ExpertLink {
  private static final int WIDTH = 5;
  private static final int EXPERTS = 6;
  private static final int SHARDS = 3;

  private final Random random;
  private final RoutedModel model = Fixtures.model(WIDTH, EXPERTS, 0, EXPERTS);
  private final Registry registry = new Registry(model);
  private final Gates gates;
  private final Dispatcher dispatcher;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::time).thenComparingLong(Event::order));
  private final List<Replica> processes = new ArrayList<>();
  private final List<Caller> callers = new ArrayList<>();
  private final Map<Long, Open> open = new HashMap<>();
  private final Set<Long> cancelled = new HashSet<>();
  private final IdentityHashMap<float[], Boolean> lent = new IdentityHashMap<>();
  private long now;
  private long order;
  private long nextCall;
  private int nextReplica;
  private int completed;
  private int failed;

  SimulatedMesh(long seed) {
    random = new Random(seed);
    gates = Fixtures.gates(model, 1 + random.nextInt(3), random);
    dispatcher =
        new Dispatcher(
            registry,
            gates,
            new ReplicaChoice(new Random(seed)),
            Fixtures.KERNELS,
            this,
            new DispatchLimits((3 + random.nextInt(20)) * WIDTH * Float.BYTES, 60),
            () -> now);
    for (int i = 0; i < 3; i++) {
      callers.add(new Caller());
    }
  }

  RouterCounters counters() {
    return dispatcher.counters();
  }

  int completed() {
    return completed;
  }

  int failed() {
    return failed;
  }

  void run(int steps) {
    for (int shard = 0; shard < SHARDS; shard++) {
      join(shard);
      join(shard);
    }
    for (int step = 0; step < steps; step++) {
      at(random.nextInt(40_000), this::anything);
    }
    long ticks = 0;
    while (!events.isEmpty() || dispatcher.callsInFlight() > 0) {
      Event event = events.poll();
      if (event == null) {
        now += 50;
        assertThat(ticks++).as("ticks after the last event").isLessThan(1_000);
        dispatcher.tick(now);
      } else {
        now = event.time;
        event.action.run();
      }
      balance();
    }
    assertThat(open).isEmpty();
    assertThat(dispatcher.messagesInFlight()).isZero();
    assertThat(dispatcher.rowsInFlight()).isZero();
    assertThat(lent).isEmpty();
  }

  private void balance() {
    int rows = 0;
    for (Open one : open.values()) {
      rows += one.request.rowCount();
    }
    check(dispatcher.callsInFlight() == open.size(), "calls in flight");
    check(dispatcher.rowsInFlight() == rows, "rows in flight");
    for (Replica replica : processes) {
      int pairs = replica.inFlightPairs();
      check(open.isEmpty() ? pairs == 0 : pairs >= 0, "pairs in flight at a replica");
    }
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what + " are not what they must be");
    }
  }

  private void at(long delay, Runnable action) {
    events.add(new Event(now + delay, order++, action));
  }

  private void anything() {
    int dice = random.nextInt(100);
    if (dice < 78) {
      callers.get(random.nextInt(callers.size())).call();
    } else if (dice < 84) {
      join(random.nextInt(SHARDS));
    } else if (dice < 90 && !processes.isEmpty()) {
      dispatcher.replicaLost(processes.remove(random.nextInt(processes.size())));
    } else if (dice < 93 && !processes.isEmpty()) {
      dispatcher.replicaLeaving(processes.get(random.nextInt(processes.size())));
    } else if (dice < 95) {
      callers.get(random.nextInt(callers.size())).leave();
    } else {
      dispatcher.tick(now);
    }
  }

  private void join(int shard) {
    if (processes.size() > 9) {
      return;
    }
    int from = shard * EXPERTS / SHARDS;
    // some shards overlap
    int to = Math.min(EXPERTS, from + EXPERTS / SHARDS + random.nextInt(2));
    ReplicaOffer offer =
        Fixtures.offer(model, "r" + nextReplica++, "s" + from + "-" + to, from, to);
    Replica replica = ((JoinResult.Accepted) registry.join(offer)).replica();
    processes.add(replica);
    at(random.nextInt(300), () -> dispatcher.replicaJoined(replica));
  }

  @Override
  public void send(ExpertCall call) {
    assertThat(call.replica().state()).isIn(ReplicaState.LIVE, ReplicaState.DRAINING);
    assertThat(call.replica().live()).isTrue();
    long id = call.id();
    Replica replica = call.replica();
    int pairs = call.pairCount();
    float[] rows = Fixtures.compute(call, WIDTH);
    int dice = random.nextInt(100);
    ExpertReply reply = reply(dice, pairs, rows);
    if (dice == 99) {
      return; // never answers
    }
    if (dice == 98) {
      lend(reply);
      dispatcher.reply(replica, id, reply); // answers before send has returned
      return;
    }
    long delay = dice < 90 ? random.nextInt(200) : random.nextInt(3_000);
    at(
        delay,
        () -> {
          // what a dead process had in the wire may still arrive
          if (processes.contains(replica) || random.nextInt(4) == 0) {
            lend(reply);
            dispatcher.reply(replica, id, reply);
          }
        });
  }

  private ExpertReply reply(int dice, int pairs, float[] rows) {
    return switch (dice) {
      case 0 -> {
        rows[random.nextInt(rows.length)] = Float.NaN;
        yield ok(pairs, rows);
      }
      case 1 -> ExpertReply.ok(pairs, WIDTH, 77, rows, 0, rows.length);
      case 2 -> ok(pairs - 1, Arrays.copyOf(rows, rows.length - WIDTH));
      case 3, 4 -> ExpertReply.failed(ExpertReply.Status.OVERLOADED, "queue full");
      case 5 -> ExpertReply.failed(ExpertReply.Status.DRAINING, "leaving");
      case 6 -> ExpertReply.failed(ExpertReply.Status.INTERNAL, "broken");
      default -> ok(pairs, rows);
    };
  }

  private static ExpertReply ok(int count, float[] rows) {
    return ExpertReply.ok(count, WIDTH, Fixtures.VERSION, rows, 0, rows.length);
  }

  private void lend(ExpertReply reply) {
    if (reply.rows().length > 0) {
      lent.put(reply.rows(), true);
    }
  }

  @Override
  public void release(float[] rows) {
    if (rows.length > 0) {
      assertThat(lent.remove(rows)).as("an array is released once").isTrue();
      Arrays.fill(rows, Float.NaN);
    }
  }

  @Override
  public void ejected(Replica replica, String reason) {
    assertThat(reason).isNotEmpty();
    assertThat(registry.replicas()).doesNotContain(replica);
    if (random.nextBoolean()) {
      processes.remove(replica);
      dispatcher.replicaLost(replica);
    }
  }

  /** One stream of calls. */
  private final class Caller implements RouteSink {
    void call() {
      int rows = random.nextInt(30);
      long deadline = random.nextInt(3) > 0 ? now + 100 + random.nextInt(3_000) : now + 50_000;
      RouteRequest request =
          new RouteRequest(
              nextCall++,
              random.nextBoolean() ? 0 : 2,
              rows,
              Fixtures.randomRows(rows + 1, WIDTH, random),
              WIDTH,
              new int[0],
              new int[0],
              now,
              deadline,
              this);
      Assignments assignments = new Assignments();
      gates.assign(request, assignments);
      open.put(request.callId(), new Open(request, assignments));
      dispatcher.route(request);
    }

    void leave() {
      open.values().removeIf(o -> o.request.sink() == this && cancelled.add(o.request.callId()));
      dispatcher.cancel(this);
    }

    @Override
    public void complete(RouteRequest request, RouteResult result) {
      Open call = end(request);
      float[] direct = Fixtures.direct(request, call.assignments, WIDTH);
      for (int row = 0; row < request.rowCount(); row++) {
        boolean lacking = result.unavailable().get(row) || result.nonFinite().get(row);
        for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
          int expected = lacking ? 0 : Float.floatToRawIntBits(direct[i]);
          check(
              Float.floatToRawIntBits(result.rows()[i]) == expected,
              "bits of call " + request.callId() + " row " + row);
        }
      }
      assertThat(result.detail().isEmpty()).isEqualTo(result.unavailable().isEmpty());
      completed++;
      if (random.nextInt(10) == 0) {
        call(); // callers may call from here
      }
    }

    @Override
    public void fail(RouteRequest request, ErrorCode code, String message) {
      end(request);
      assertThat(code).isIn(ErrorCode.DEADLINE_EXCEEDED, ErrorCode.OVERLOADED);
      failed++;
    }

    private Open end(RouteRequest request) {
      assertThat(request.sink()).isSameAs(this);
      assertThat(cancelled).doesNotContain(request.callId());
      Open call = open.remove(request.callId());
      assertThat(call).as("call %d ends once", request.callId()).isNotNull();
      return call;
    }
  }

  private record Open(RouteRequest request, Assignments assignments) {}

  private record Event(long time, long order, Runnable action) {}
}
