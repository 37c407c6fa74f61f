package io.expertmesh.router.core;

import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.router.core.gating.UndecidableException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Calls in flight, as a state machine. Each input is worked through at once; what follows from it
 * goes out through {@link ExpertLink} and {@link RouteSink} before the method returns, and these
 * may call the dispatcher again.
 *
 * <p>Every call ends exactly once: with rows, with a failure, or silently when it is cancelled.
 * Every (row, expert) pair is out with at most one replica at any time and counts once. Pairs of a
 * replica that is lost, refuses or answers wrongly go at once to another one that has not yet been
 * tried; if none is left, their rows are unavailable and the call's other rows are computed all the
 * same.
 *
 * <p>Not thread-safe: it belongs to one thread.
 */
public final class Dispatcher {
  private final RoutedModel model;
  private final Registry registry;
  private final Gating gating;
  private final ReplicaChoice choice;
  private final Kernels kernels;
  private final ExpertLink link;
  private final DispatchLimits limits;
  private final LongSupplier nanoClock;
  private final RouterCounters counters;
  private final InFlight inFlight = new InFlight();
  private final Grouping grouping;
  private final Outbox outbox;
  private final List<CallState> calls = new ArrayList<>();
  private int rowsInFlight;

  /**
   * A dispatcher without calls.
   *
   * @param nanoClock the clock of all deadlines, in nanoseconds
   */
  public Dispatcher(
      Registry registry,
      Gating gating,
      ReplicaChoice choice,
      Kernels kernels,
      ExpertLink link,
      DispatchLimits limits,
      LongSupplier nanoClock) {
    this.model = registry.model();
    this.registry = registry;
    this.gating = gating;
    this.choice = choice;
    this.kernels = kernels;
    this.link = link;
    this.limits = limits;
    this.nanoClock = nanoClock;
    this.counters = new RouterCounters(model);
    this.grouping = new Grouping(model, registry, choice, inFlight, limits);
    this.outbox = new Outbox(link, inFlight, new Combiner(kernels, model), counters);
  }

  /** Starts a call. */
  public void route(RouteRequest request) {
    CallState call = outbox.newCall(request);
    if (refused(request, call)) {
      outbox.ended(call);
    } else {
      call.index(calls.size());
      calls.add(call);
      rowsInFlight += request.rowCount();
      start(call);
    }
    outbox.tell();
  }

  private void start(CallState call) {
    RouteRequest request = call.request();
    try {
      gating.assign(request, call.assignments());
    } catch (UndecidableException e) {
      call.fail(ErrorCode.INVALID_ARGUMENT, String.valueOf(e.getMessage()));
      call.assignments().clear();
      remove(call);
      outbox.ended(call);
      return;
    }
    call.open();
    counters.calls++;
    counters.rows += request.rowCount();
    counters.pairs += call.openPairs();
    counters.dropped += call.assignments().dropped().size();
    grouping.groupAll(call, counters, outbox.sealed());
    outbox.post();
    endIfComplete(call);
  }

  private boolean refused(RouteRequest request, CallState call) {
    if (model.expertsOf(request.layer()) == 0) {
      call.fail(
          ErrorCode.INVALID_ARGUMENT,
          "layer is " + request.layer() + ", which is not a routed layer of the model");
      return true;
    }
    long floats = (long) request.rowCount() * model.width();
    if (request.rowCount() < 0 || request.offset() + floats > request.rows().length) {
      call.fail(
          ErrorCode.INVALID_ARGUMENT,
          "rows has %d values, row_count %d × width %d needs %d"
              .formatted(
                  request.rows().length - request.offset(),
                  request.rowCount(),
                  model.width(),
                  floats));
      return true;
    }
    if (request.expired(nanoClock.getAsLong())) {
      call.fail(ErrorCode.DEADLINE_EXCEEDED, "the deadline had passed when the call arrived");
      counters.deadlines++;
      return true;
    }
    if (rowsInFlight > 0 && rowsInFlight + request.rowCount() > limits.maxRowsInFlight()) {
      call.fail(
          ErrorCode.OVERLOADED,
          "the router has %d rows in flight, its limit is %d"
              .formatted(rowsInFlight, limits.maxRowsInFlight()));
      return true;
    }
    return false;
  }

  /** A replica answered the call of an id. */
  public void reply(Replica replica, long id, ExpertReply reply) {
    ExpertCall message = inFlight.find(id);
    if (message == null || message.replica() != replica) {
      counters.lateReplies++;
      link.release(reply.rows());
      return;
    }
    switch (reply.status()) {
      case OK -> accept(message, reply);
      case OVERLOADED, INVALID, INTERNAL -> refusedBy(message, reply);
      case DRAINING -> {
        if (replica.live()) {
          registry.move(replica, ReplicaState.DRAINING);
        }
        refusedBy(message, reply);
      }
      case DEADLINE_EXCEEDED -> {
        link.release(reply.rows());
        expire(message.owner());
      }
    }
    outbox.tell();
  }

  private void refusedBy(ExpertCall message, ExpertReply reply) {
    counters.rejections++;
    link.release(reply.rows());
    retry(message, message.suspect());
  }

  private void accept(ExpertCall message, ExpertReply reply) {
    String fault = fault(message, reply);
    if (fault != null) {
      link.release(reply.rows());
      eject(message, fault, message.suspect());
    } else if (kernels.allFinite(reply.rows(), reply.offset(), reply.length())) {
      take(message, reply, false);
    } else if (message.suspect() && !anotherReplicaFor(message)) {
      // several replicas agree: it is the row that overflows, not the replica that is broken
      take(message, reply, true);
    } else {
      link.release(reply.rows());
      eject(message, "answered rows that are not finite", true);
    }
  }

  private @Nullable String fault(ExpertCall message, ExpertReply reply) {
    if (reply.weightsVersion() != model.weightsVersion()) {
      return "answered with weights version %016x, its lease says %016x"
          .formatted(reply.weightsVersion(), model.weightsVersion());
    }
    if (reply.rowCount() != message.pairCount()
        || reply.width() != model.width()
        || reply.length() != message.pairCount() * model.width()) {
      return "answered %d rows of width %d in %d values, asked for %d rows of width %d"
          .formatted(
              reply.rowCount(), reply.width(), reply.length(), message.pairCount(), model.width());
    }
    return null;
  }

  private boolean anotherReplicaFor(ExpertCall message) {
    Replica[] tried = message.triedWithCurrent();
    for (int i = 0; i < message.pairCount(); i++) {
      Replica[] hosts = registry.hosts(message.layer(), message.pairExpert(i));
      if (choice.choose(hosts, tried) == null) {
        return false;
      }
    }
    return true;
  }

  private void take(ExpertCall message, ExpertReply reply, boolean checkRows) {
    CallState call = message.owner();
    int width = model.width();
    call.replies().add(reply.rows());
    for (int i = 0; i < message.pairCount(); i++) {
      int pair = message.pairs()[i];
      int offset = reply.offset() + i * width;
      if (checkRows && !kernels.allFinite(reply.rows(), offset, width)) {
        call.nonFinite(pair);
      } else {
        call.arrived(pair, reply.rows(), offset);
      }
    }
    inFlight.close(message);
    inFlight.recycle(message);
    endIfComplete(call);
  }

  private void eject(ExpertCall message, String reason, boolean suspect) {
    Replica replica = message.replica();
    counters.ejections++;
    registry.move(replica, ReplicaState.EJECTED);
    retry(message, suspect);
    reroute(replica);
    outbox.notice(() -> link.ejected(replica, reason));
  }

  private void reroute(Replica replica) {
    for (int slot = 0; slot < inFlight.slots(); slot++) {
      ExpertCall message = inFlight.at(slot);
      if (message != null && message.replica() == replica) {
        retry(message, message.suspect());
      }
    }
  }

  private void retry(ExpertCall message, boolean suspect) {
    CallState call = message.owner();
    counters.retries += message.pairCount();
    Replica[] tried = message.triedWithCurrent();
    inFlight.close(message);
    grouping.group(call, message.pairs(), message.pairCount(), tried, suspect, outbox.sealed());
    inFlight.recycle(message);
    outbox.post();
    endIfComplete(call);
  }

  private void endIfComplete(CallState call) {
    if (call.openPairs() == 0) {
      remove(call);
      outbox.ended(call);
    }
  }

  private void expire(CallState call) {
    counters.deadlines++;
    call.fail(ErrorCode.DEADLINE_EXCEEDED, "the deadline passed before all experts had answered");
    remove(call);
    outbox.ended(call);
  }

  /** Forgets a call and its messages. */
  private void remove(CallState call) {
    while (!call.messages().isEmpty()) {
      ExpertCall message = call.messages().getLast();
      inFlight.close(message);
      inFlight.recycle(message);
    }
    rowsInFlight -= call.request().rowCount();
    CallState last = calls.removeLast();
    if (last != call) {
      calls.set(call.index(), last);
      last.index(call.index());
    }
  }

  /** The stream to an accepted replica is up: it gets calls from now on. */
  public void replicaJoined(Replica replica) {
    if (replica.state() == ReplicaState.CONNECTING) {
      registry.move(replica, ReplicaState.LIVE);
    }
  }

  /** The replica leaves: it gets no new calls, and finishes what it has. */
  public void replicaLeaving(Replica replica) {
    if (replica.live() || replica.state() == ReplicaState.CONNECTING) {
      registry.move(replica, ReplicaState.DRAINING);
    }
  }

  /** The lease of, or the connection to, a replica has ended: what it had goes to others. */
  public void replicaLost(Replica replica) {
    if (replica.state() != ReplicaState.LOST) {
      registry.move(replica, ReplicaState.LOST);
      reroute(replica);
      outbox.tell();
    }
  }

  /** Ends the calls whose deadline has passed. */
  public void tick(long nowNanos) {
    for (int i = calls.size() - 1; i >= 0; i--) {
      if (calls.get(i).request().expired(nowNanos)) {
        expire(calls.get(i));
      }
    }
    outbox.tell();
  }

  /** A caller left: its calls are forgotten, and it is told nothing more. */
  public void cancel(RouteSink sink) {
    for (int i = calls.size() - 1; i >= 0; i--) {
      CallState call = calls.get(i);
      if (call.request().sink() == sink) {
        call.cancel();
        remove(call);
        outbox.ended(call);
      }
    }
    outbox.cancel(sink);
    outbox.tell();
  }

  /** Calls in flight. */
  public int callsInFlight() {
    return calls.size();
  }

  /** Messages to replicas in flight. */
  public int messagesInFlight() {
    return inFlight.size();
  }

  /** Rows of the calls in flight. */
  public int rowsInFlight() {
    return rowsInFlight;
  }

  /** What has happened so far. */
  public RouterCounters counters() {
    return counters;
  }
}
