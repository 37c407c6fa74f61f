package io.expertmesh.tests.simulation;

import io.expertmesh.attention.core.RoutedBatch;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.router.core.RouteRequest;
import io.expertmesh.router.core.RouteResult;
import io.expertmesh.router.core.RouteSink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** The stream from an engine to a router; the router sees it as one of its callers. */
final class EngineStream implements RouteSink {
  private final SimEngine engine;
  private final SimRouter router;
  private final Timeline timeline;
  private final Wire up;
  private final Wire down;
  private final Map<Long, RoutedPart> waiting = new LinkedHashMap<>();
  private final Map<Long, RouteRequest> routing = new LinkedHashMap<>();
  private long calls;
  private boolean open = true;

  EngineStream(SimEngine engine, SimRouter router, Timeline timeline, RandomGenerator random) {
    this.engine = engine;
    this.router = router;
    this.timeline = timeline;
    up = new Wire(timeline, random, engine.name() + "→" + router.name());
    down = new Wire(timeline, random, router.name() + "→" + engine.name());
    router.opened(this);
  }

  SimRouter router() {
    return router;
  }

  void send(RoutedPart part) {
    long id = calls++;
    waiting.put(id, part);
    RoutedBatch batch = part.call().batch();
    int from = part.first();
    int to = from + part.count();
    float[] rows = Arrays.copyOfRange(batch.rows(), from * ToyModel.WIDTH, to * ToyModel.WIDTH);
    int[] tokens = Arrays.copyOfRange(batch.tokenIds(), from, to);
    int[] groups = Arrays.copyOfRange(batch.groups(), from, to);
    up.send(
        "call " + id + ", layer " + batch.layer() + ", " + part.count() + " rows",
        () -> {
          RouteRequest request =
              new RouteRequest(
                  id,
                  batch.layer(),
                  part.count(),
                  rows,
                  0,
                  tokens,
                  groups,
                  timeline.now(),
                  batch.deadlineNanos(),
                  this);
          routing.put(id, request);
          router.route(request);
        });
  }

  @Override
  public void complete(RouteRequest request, RouteResult result) {
    end(request);
    RoutedAnswer answer =
        new RoutedAnswer(
            Arrays.copyOf(result.rows(), request.rowCount() * ToyModel.WIDTH),
            (BitSet) result.unavailable().clone(),
            (BitSet) result.nonFinite().clone(),
            result.detail());
    down.send(
        "answer " + request.callId() + ", unavailable " + answer.unavailable(),
        () -> answered(request.callId(), answer));
  }

  private void answered(long id, RoutedAnswer answer) {
    RoutedPart part = waiting.remove(id);
    Violation.unless(part != null, () -> "call " + id + " was answered again");
    if (part != null) {
      part.call().complete(part, answer);
    }
  }

  @Override
  public void fail(RouteRequest request, ErrorCode code, String message) {
    end(request);
    down.send(
        "answer " + request.callId() + ", " + code,
        () -> {
          RoutedPart part = waiting.remove(request.callId());
          Violation.unless(part != null, () -> "call " + request.callId() + " failed again");
          if (part != null) {
            part.call().fail(code, message);
          }
        });
  }

  private void end(RouteRequest request) {
    Violation.unless(open, "the router told a caller that had left");
    Violation.unless(
        routing.remove(request.callId(), request),
        () -> "call " + request.callId() + " ended twice");
    router.ended(request);
    // the rows are the router's no longer
    Arrays.fill(request.rows(), Float.NaN);
  }

  /** Breaks the stream; both ends learn of it, each in its own time. */
  void breakOff(boolean routerLives) {
    if (!open) {
      return;
    }
    open = false;
    up.close();
    down.close();
    if (routerLives) {
      router.closed(this);
    }
    routing.values().forEach(router::ended);
    routing.clear();
    timeline.after(
        50_000,
        engine.name() + " loses its stream to " + router.name(),
        () -> engine.streamLost(this));
  }

  List<RoutedPart> takeWaiting() {
    List<RoutedPart> parts = new ArrayList<>(waiting.values());
    waiting.clear();
    return parts;
  }
}
