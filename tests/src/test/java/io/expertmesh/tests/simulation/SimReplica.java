package io.expertmesh.tests.simulation;

import io.expertmesh.expert.core.BatchQueue;
import io.expertmesh.expert.core.CallOutcome;
import io.expertmesh.expert.core.ComputeCall;
import io.expertmesh.expert.core.PairBatch;
import io.expertmesh.router.core.ExpertReply;
import io.expertmesh.router.core.ReplicaOffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A replica of a shard, over all processes that it has been: the queue and one computing thread
 * whose batches take virtual time.
 */
final class SimReplica {
  private static final long COMPUTE = 30_000;
  private static final long COMPUTE_SPREAD = 200_000;
  private static final long REDIAL = 20_000_000;

  private final String name;
  private final int shard;
  private final Shape shape;
  private final Timeline timeline;
  private final RandomGenerator random;
  private final List<SimRouter> routers;
  private final List<Connection> connections = new ArrayList<>();
  private final IdentityHashMap<ComputeCall, Pending> pending = new IdentityHashMap<>();
  private final List<Runnable> whenResumed = new ArrayList<>();
  private final BitSet partitioned = new BitSet();
  private BatchQueue queue;
  private PairBatch batch;
  private float[] input;
  private int incarnation;
  private boolean up;
  private boolean draining;
  private int pauses;
  private boolean computing;
  private Conduct conduct = Conduct.HONEST;
  private int slowness = 1;

  SimReplica(
      String name,
      int shard,
      Shape shape,
      Timeline timeline,
      RandomGenerator random,
      List<SimRouter> routers) {
    this.name = name;
    this.shard = shard;
    this.shape = shape;
    this.timeline = timeline;
    this.random = random;
    this.routers = List.copyOf(routers);
    queue = newQueue();
    batch = new PairBatch(shape.batchPairs());
    input = new float[shape.batchPairs() * ToyModel.WIDTH];
  }

  private BatchQueue newQueue() {
    return new BatchQueue(shape.model().layers() * shape.model().experts(), shape.queuePairs());
  }

  String name() {
    return name;
  }

  int incarnation() {
    return incarnation;
  }

  boolean up() {
    return up;
  }

  BatchQueue queue() {
    return queue;
  }

  void conduct(Conduct how) {
    conduct = how;
  }

  void slowness(int factor) {
    slowness = factor;
  }

  /** A new process comes up and dials in. */
  void start() {
    if (up) {
      return;
    }
    up = true;
    incarnation++;
    draining = false;
    computing = false;
    conduct = Conduct.HONEST;
    queue = newQueue();
    batch = new PairBatch(shape.batchPairs());
    input = new float[shape.batchPairs() * ToyModel.WIDTH];
    routers.forEach(this::dial);
  }

  /** The process dies. */
  void kill() {
    up = false;
    List.copyOf(connections).forEach(one -> one.breakOff("the replica died"));
    connections.clear();
    pending.clear();
    whenResumed.clear();
  }

  /** Leaves in good order: tells the routers, finishes what it has, ends. */
  void drain() {
    if (!up || draining) {
      return;
    }
    draining = true;
    queue.drain();
    for (Connection one : connections) {
      one.leaseUpdates().send("it leaves", () -> one.router().leaving(one));
    }
    timeline.after(1_000_000, name + " drains", () -> endIfDrained(incarnation));
  }

  private void endIfDrained(int which) {
    if (up && draining && which == incarnation) {
      if (pauses == 0 && queue.isIdle()) {
        kill();
      } else {
        timeline.after(1_000_000, name + " drains", () -> endIfDrained(which));
      }
    }
  }

  /** A router threw it out: it ends, and a healthy process takes its place later. */
  void ejected() {
    if (up) {
      kill();
      timeline.after(10_000_000 + random.nextLong(50_000_000), name + " restarts", this::start);
    }
  }

  void pause() {
    if (pauses++ == 0) {
      connections.forEach(Connection::hold);
    }
  }

  void resume() {
    if (--pauses == 0) {
      connections.forEach(Connection::release);
      List<Runnable> held = List.copyOf(whenResumed);
      whenResumed.clear();
      held.forEach(Runnable::run);
    }
  }

  /** Nothing passes between it and a router. */
  void partition(SimRouter router, boolean cut) {
    partitioned.set(routers.indexOf(router), cut);
    for (Connection one : connections) {
      if (one.router() == router) {
        if (cut) {
          one.hold();
        } else {
          one.release();
        }
      }
    }
  }

  boolean isPartitioned(SimRouter router) {
    return partitioned.get(routers.indexOf(router));
  }

  /** Loses its connections for no reason, and joins again at once under the same name. */
  void flap() {
    if (!up || draining || pauses > 0) {
      return;
    }
    for (Connection one : List.copyOf(connections)) {
      SimRouter router = one.router();
      if (router.up() && !isPartitioned(router)) {
        connections.remove(one);
        queue.cancel(one, timeline.now());
        drainEnded();
        connections.add(router.join(this, offer()));
      }
    }
  }

  private void dial(SimRouter router) {
    int which = incarnation;
    timeline.after(
        random.nextLong(REDIAL),
        name + " dials " + router.name(),
        () -> {
          if (!up || which != incarnation || draining || connectedTo(router)) {
            return;
          }
          if (router.up() && pauses == 0 && !isPartitioned(router)) {
            connections.add(router.join(this, offer()));
          } else {
            dial(router);
          }
        });
  }

  private boolean connectedTo(SimRouter router) {
    return connections.stream().anyMatch(one -> one.router() == router);
  }

  /** A connection of a certain process of it has ended. */
  void disconnected(Connection connection, int which) {
    if (which == incarnation && up && connections.remove(connection)) {
      queue.cancel(connection, timeline.now());
      drainEnded();
      dial(connection.router());
    }
  }

  private ReplicaOffer offer() {
    return shape.offer(name + "#" + incarnation, shard);
  }

  /** A call has come. */
  void receive(Connection from, ExpertMessage message) {
    int[] blocks = new int[message.pairExperts().length];
    for (int pair = 0; pair < blocks.length; pair++) {
      int expert = message.pairExperts()[pair];
      Violation.unless(shape.hosts(shard, expert), () -> name + " is asked for expert " + expert);
      blocks[pair] = message.layer() * shape.model().experts() + expert;
    }
    if (conduct == Conduct.REFUSING) {
      answer(from, message.id(), ExpertReply.failed(ExpertReply.Status.OVERLOADED, "full"));
      return;
    }
    ComputeCall call =
        new ComputeCall(
            from,
            message.rows(),
            0,
            ToyModel.WIDTH,
            message.pairRows(),
            blocks,
            message.deadlineNanos(),
            _ -> {});
    if (queue.offer(call, timeline.now())) {
      pending.put(call, new Pending(from, message, timeline.now()));
      drainEnded();
      compute();
    } else {
      answer(from, message.id(), ExpertReply.failed(status(call.outcome()), call.error()));
    }
  }

  private void compute() {
    if (!computing && queue.waitingPairs() > 0) {
      computing = true;
      later(1_000, "looks for work", this::begin);
    }
  }

  /** Runs something unless the process has gone by then; a paused one runs it when it goes on. */
  private void later(long nanos, String what, Runnable action) {
    int which = incarnation;
    Runnable[] self = new Runnable[1];
    self[0] =
        () -> {
          if (up && which == incarnation) {
            if (pauses > 0) {
              whenResumed.add(self[0]);
            } else {
              action.run();
            }
          }
        };
    timeline.after(nanos, name + " " + what, self[0]);
  }

  private void begin() {
    boolean taken = queue.takeNext(batch, timeline.now());
    drainEnded();
    if (!taken) {
      computing = false;
      return;
    }
    long nanos = slowness * (COMPUTE + random.nextLong(COMPUTE_SPREAD));
    later(nanos, "has computed " + batch.size() + " pairs", () -> finish(nanos));
  }

  private void finish(long nanos) {
    int layer = batch.block() / shape.model().experts();
    int expert = batch.block() % shape.model().experts();
    float[] output = new float[input.length];
    batch.gather(input);
    for (int i = 0; i < batch.size(); i++) {
      int at = i * ToyModel.WIDTH;
      shape.model().expert(layer, expert, ToyModel.read(input, at), output, at);
    }
    batch.scatter(output);
    queue.completed(batch, nanos, timeline.now());
    computing = false;
    drainEnded();
    compute();
  }

  private void drainEnded() {
    for (ComputeCall call = queue.pollEnded(); call != null; call = queue.pollEnded()) {
      Pending source = pending.remove(call);
      if (source == null) {
        throw new Violation(name + " ends a call that it never had, or had ended");
      }
      switch (call.outcome()) {
        case COMPLETED -> answer(source.from, source.message.id(), result(call, source));
        case CANCELLED -> {}
        case DEADLINE_EXCEEDED, OVERLOADED, DRAINING, FAILED ->
            answer(
                source.from,
                source.message.id(),
                ExpertReply.failed(status(call.outcome()), call.error()));
      }
    }
  }

  private ExpertReply result(ComputeCall call, Pending source) {
    Violation.unless(
        source.at + call.queueNanos() < source.message.deadlineNanos(),
        () -> name + " started a call after its deadline");
    return conduct.answer(call.results(), call.pairs(), random);
  }

  private static void answer(Connection to, long id, ExpertReply reply) {
    to.replies()
        .send("reply " + id + " " + reply.status(), () -> to.router().replied(to, id, reply));
  }

  private static ExpertReply.Status status(@Nullable CallOutcome outcome) {
    if (outcome == null) {
      throw new Violation("a call ended without an outcome");
    }
    return switch (outcome) {
      case COMPLETED -> ExpertReply.Status.OK;
      case OVERLOADED -> ExpertReply.Status.OVERLOADED;
      case DEADLINE_EXCEEDED -> ExpertReply.Status.DEADLINE_EXCEEDED;
      case DRAINING -> ExpertReply.Status.DRAINING;
      case FAILED, CANCELLED -> ExpertReply.Status.INTERNAL;
    };
  }

  /** Bounds of the queue. */
  void check() {
    int held = queue.waitingPairs() + queue.runningPairs();
    Violation.unless(
        queue.waitingPairs() >= 0 && queue.runningPairs() >= 0 && held <= shape.queuePairs(),
        "%s holds %d waiting and %d running pairs, its limit is %d",
        name,
        queue.waitingPairs(),
        queue.runningPairs(),
        shape.queuePairs());
  }

  void checkIdle() {
    if (up) {
      Violation.unless(
          queue.isIdle() && queue.waitingPairs() == 0 && queue.runningPairs() == 0,
          "%s is not idle at the end: %d pairs wait, %d run",
          name,
          queue.waitingPairs(),
          queue.runningPairs());
    }
  }

  private record Pending(Connection from, ExpertMessage message, long at) {}
}
