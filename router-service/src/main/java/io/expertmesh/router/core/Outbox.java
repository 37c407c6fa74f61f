package io.expertmesh.router.core;

import io.expertmesh.protocol.core.ErrorCode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the dispatcher has decided and not yet told: messages, ended calls, ejections. It is told
 * after an input is worked through, so that whoever is told may call the dispatcher again.
 */
final class Outbox {
  private static final int POOLED = 32;

  private final ExpertLink link;
  private final InFlight inFlight;
  private final Combiner combiner;
  private final RouterCounters counters;
  private final ArrayDeque<ExpertCall> messages = new ArrayDeque<>();
  private final List<ExpertCall> sealed = new ArrayList<>();
  private final ArrayDeque<CallState> ended = new ArrayDeque<>();
  private final ArrayDeque<Runnable> notices = new ArrayDeque<>();
  private final ArrayDeque<CallState> pool = new ArrayDeque<>();
  private boolean telling;

  Outbox(ExpertLink link, InFlight inFlight, Combiner combiner, RouterCounters counters) {
    this.link = link;
    this.inFlight = inFlight;
    this.combiner = combiner;
    this.counters = counters;
  }

  CallState newCall(RouteRequest request) {
    CallState call = pool.isEmpty() ? new CallState() : pool.pop();
    call.begin(request);
    return call;
  }

  /** Where the grouping puts messages; {@link #post} sends them. */
  List<ExpertCall> sealed() {
    return sealed;
  }

  void post() {
    for (ExpertCall message : sealed) {
      message.inOutbox(true);
      messages.add(message);
    }
    counters.messages += sealed.size();
    sealed.clear();
  }

  void ended(CallState call) {
    ended.add(call);
  }

  void notice(Runnable notice) {
    notices.add(notice);
  }

  /** Ended calls of a sink that left are not told any more. */
  void cancel(RouteSink sink) {
    for (CallState call : ended) {
      if (call.request().sink() == sink) {
        call.cancel();
      }
    }
  }

  void tell() {
    if (telling) {
      return;
    }
    telling = true;
    try {
      while (true) {
        if (!messages.isEmpty()) {
          send(messages.poll());
        } else if (!ended.isEmpty()) {
          end(ended.poll());
        } else if (!notices.isEmpty()) {
          notices.poll().run();
        } else {
          return;
        }
      }
    } finally {
      telling = false;
    }
  }

  private void send(@Nullable ExpertCall message) {
    if (message == null) {
      return;
    }
    message.inOutbox(false);
    if (message.id() == ExpertCall.ENDED) {
      inFlight.recycle(message);
    } else {
      link.send(message);
    }
  }

  private void end(@Nullable CallState call) {
    if (call == null) {
      return;
    }
    RouteRequest request = call.request();
    ErrorCode failure = call.failure();
    if (!call.cancelled()) {
      if (failure != null) {
        request.sink().fail(request, failure, call.message());
      } else {
        complete(request, call);
      }
    }
    for (float[] rows : call.replies()) {
      link.release(rows);
    }
    call.replies().clear();
    call.end();
    if (pool.size() < POOLED) {
      pool.push(call);
    }
  }

  private void complete(RouteRequest request, CallState call) {
    counters.unavailableRows += call.unavailable().cardinality();
    counters.nonFiniteRows += call.nonFinite().cardinality();
    float[] rows = combiner.combine(call);
    request
        .sink()
        .complete(
            request,
            new RouteResult(
                rows,
                call.unavailable(),
                call.nonFinite(),
                call.missingDetail(),
                call.assignments()));
  }
}
