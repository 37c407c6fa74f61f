package io.expertmesh.tests.simulation;

import io.expertmesh.router.core.Dispatcher;
import io.expertmesh.router.core.ExpertCall;
import io.expertmesh.router.core.ExpertLink;
import io.expertmesh.router.core.ExpertReply;
import io.expertmesh.router.core.JoinResult;
import io.expertmesh.router.core.Registry;
import io.expertmesh.router.core.Replica;
import io.expertmesh.router.core.ReplicaChoice;
import io.expertmesh.router.core.ReplicaOffer;
import io.expertmesh.router.core.RouteRequest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/** A router process: its dispatcher and registry, and what its transport does around them. */
final class SimRouter implements ExpertLink {
  private static final long TICK = 1_000_000;

  private final String name;
  private final Shape shape;
  private final Timeline timeline;
  private final RandomGenerator random;
  private final Map<Replica, Connection> connections = new HashMap<>();
  private final List<EngineStream> streams = new ArrayList<>();
  private final ArrayDeque<Waiting> congested = new ArrayDeque<>();
  private FlightLedger ledger = new FlightLedger();
  private Dispatcher dispatcher;
  private Registry registry;
  private boolean up = true;
  private final Set<Replica> leaving = new HashSet<>();
  private boolean ticking;

  SimRouter(String name, Shape shape, Timeline timeline, RandomGenerator random) {
    this.name = name;
    this.shape = shape;
    this.timeline = timeline;
    this.random = random;
    registry = new Registry(shape.model().routed());
    dispatcher = newDispatcher();
  }

  private Dispatcher newDispatcher() {
    return new Dispatcher(
        registry,
        shape.model().gates(),
        new ReplicaChoice(random),
        ToyModel.KERNELS,
        this,
        shape.dispatch(),
        timeline::now);
  }

  String name() {
    return name;
  }

  boolean up() {
    return up;
  }

  Dispatcher dispatcher() {
    return dispatcher;
  }

  Registry registry() {
    return registry;
  }

  FlightLedger ledger() {
    return ledger;
  }

  /** The process dies with all it has in flight. */
  void kill() {
    up = false;
    List.copyOf(streams).forEach(stream -> stream.breakOff(false));
    streams.clear();
    List.copyOf(connections.values()).forEach(one -> one.breakOff("the router died"));
    connections.clear();
    congested.clear();
  }

  /** Another process takes its place, and knows nothing. */
  void restart() {
    ledger = new FlightLedger();
    registry = new Registry(shape.model().routed());
    dispatcher = newDispatcher();
    up = true;
  }

  void opened(EngineStream stream) {
    streams.add(stream);
  }

  void closed(EngineStream stream) {
    streams.remove(stream);
    dispatcher.cancel(stream);
  }

  void route(RouteRequest request) {
    ledger.begins(request);
    dispatcher.route(request);
    tickLater();
  }

  void ended(RouteRequest request) {
    ledger.ends(request);
  }

  private void tickLater() {
    if (!ticking && dispatcher.callsInFlight() > 0) {
      ticking = true;
      timeline.after(
          TICK,
          name + " ticks",
          () -> {
            ticking = false;
            if (up) {
              dispatcher.tick(timeline.now());
              tickLater();
            }
          });
    }
  }

  /** A replica asks for a lease. */
  Connection join(SimReplica process, ReplicaOffer offer) {
    JoinResult result = registry.join(offer);
    if (!(result instanceof JoinResult.Accepted accepted)) {
      throw new Violation(name + " refused " + offer.replicaId() + ": " + result);
    }
    accepted.replaced().ifPresent(this::drop);
    Replica lease = accepted.replica();
    Connection connection = new Connection(this, process, lease, timeline, random);
    connections.put(lease, connection);
    timeline.after(
        random.nextLong(500_000),
        name + " is connected to " + lease.id(),
        () -> {
          if (connection.open() && connections.containsKey(lease)) {
            dispatcher.replicaJoined(lease);
          }
        });
    return connection;
  }

  private void drop(Replica lease) {
    Connection connection = connections.remove(lease);
    if (connection != null) {
      dispatcher.replicaLost(lease);
      connection.breakOff("it joined again");
    }
  }

  /** The connection has ended. */
  void lost(Connection connection) {
    if (connections.remove(connection.lease()) != null) {
      dispatcher.replicaLost(connection.lease());
    }
  }

  void leaving(Connection connection) {
    dispatcher.replicaLeaving(connection.lease());
    leaving.add(connection.lease());
  }

  void replied(Connection connection, long id, ExpertReply reply) {
    ledger.lends(reply.rows());
    dispatcher.reply(connection.lease(), id, reply);
  }

  @Override
  public void send(ExpertCall call) {
    Violation.unless(
        call.replica().live(), () -> "a call goes to " + call.replica() + ", which is not live");
    Violation.unless(
        !leaving.contains(call.replica()),
        "a call goes to %s, which has said that it leaves",
        call.replica());
    ledger.sends(call);
    if (random.nextInt(12) == 0) {
      congested.add(new Waiting(call, call.id()));
      timeline.after(random.nextLong(300_000), name + " can write again", this::flush);
    } else {
      write(call);
    }
  }

  private void flush() {
    Waiting waiting = congested.poll();
    if (waiting != null && waiting.call.id() == waiting.id) {
      write(waiting.call);
    }
  }

  private void write(ExpertCall call) {
    Connection connection = connections.get(call.replica());
    if (connection == null || !connection.open()) {
      return;
    }
    int pairs = call.pairCount();
    int[] rows = new int[pairs];
    int[] experts = new int[pairs];
    for (int pair = 0; pair < pairs; pair++) {
      rows[pair] = call.pairRow(pair);
      experts[pair] = call.pairExpert(pair);
    }
    int from = call.rowsOffset();
    float[] values = Arrays.copyOfRange(call.rows(), from, from + call.rowCount() * ToyModel.WIDTH);
    ExpertMessage message =
        new ExpertMessage(call.id(), call.layer(), values, rows, experts, call.deadlineNanos());
    connection
        .requests()
        .send(
            "call " + call.id() + ", layer " + call.layer() + ", " + pairs + " pairs",
            () -> connection.replica().receive(connection, message));
  }

  @Override
  public void release(float[] rows) {
    ledger.released(rows);
  }

  @Override
  public void ejected(Replica replica, String reason) {
    Connection connection = connections.remove(replica);
    if (connection != null) {
      dispatcher.replicaLost(replica);
      connection.breakOff("ejected");
      connection.replica().ejected();
    }
  }

  private record Waiting(ExpertCall call, long id) {}
}
