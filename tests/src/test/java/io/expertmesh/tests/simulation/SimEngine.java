package io.expertmesh.tests.simulation;

import io.expertmesh.attention.core.EngineCore;
import io.expertmesh.attention.core.PagePool;
import io.expertmesh.attention.core.RoutedBatch;
import io.expertmesh.attention.core.RoutedCall;
import io.expertmesh.attention.core.RoutedLayers;
import io.expertmesh.attention.core.RoutedRows;
import io.expertmesh.attention.core.Sequence;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * An attention engine and its streams to the routers. While a step waits for routed rows it runs
 * the events of the others, so requests come and go in the middle of it, and steps of other engines
 * begin inside of it.
 */
final class SimEngine implements RoutedLayers {
  private static final long LONGEST_WAIT = 2_000_000_000L;
  private static final long REDIAL = 20_000_000;

  private final String name;
  private final Shape shape;
  private final Timeline timeline;
  private final RandomGenerator random;
  private final PagePool pages;
  private final EngineCore core;
  private final Map<Sequence, SimRequest> requests = new HashMap<>();
  private final List<EngineStream> streams = new ArrayList<>();
  private boolean stepping;
  private boolean poked;
  private long wakeAt = Long.MAX_VALUE;

  SimEngine(String name, Shape shape, Timeline timeline, RandomGenerator random) {
    this.name = name;
    this.shape = shape;
    this.timeline = timeline;
    this.random = random;
    pages = new PagePool(shape.pages(), shape.prefixCache());
    ToyStep step =
        new ToyStep(
            shape.model(),
            this,
            timeline,
            this::request,
            shape.twoParts(),
            shape.pages(),
            shape.limits().maxBatchTokens());
    core =
        new EngineCore(
            shape.limits(),
            pages,
            new int[] {ToyModel.EOS},
            ToyModel.VOCAB,
            step,
            ToyModel.KERNELS,
            new CallersPool());
  }

  String name() {
    return name;
  }

  PagePool pages() {
    return pages;
  }

  EngineCore core() {
    return core;
  }

  private SimRequest request(Sequence sequence) {
    SimRequest request = requests.get(sequence);
    if (request == null) {
      throw new Violation("nobody asked for " + sequence);
    }
    return request;
  }

  void submit(SimRequest request) {
    try {
      Sequence sequence = core.submit(request.request(), request.sink());
      requests.put(sequence, request);
      request.admitted(sequence);
      poke();
    } catch (MeshException e) {
      Violation.unless(
          e.code() == ErrorCode.OVERLOADED
              && core.scheduler().waitingCount() >= shape.limits().maxQueue(),
          () -> request.id() + " was refused without cause: " + e.getMessage());
      request.refused(e.code());
    }
  }

  void cancel(SimRequest request) {
    Sequence sequence = request.sequence();
    if (sequence != null && !request.ended()) {
      request.cancelledByClient();
      core.cancel(sequence, "the client left");
      poke();
    }
  }

  /** Has the engine look for work. */
  private void poke() {
    if (stepping) {
      poked = true;
    } else {
      wake(timeline.now() + 1_000);
    }
  }

  private void wake(long at) {
    if (at < wakeAt) {
      wakeAt = at;
      timeline.at(at, name + " looks for work", this::wokenUp);
    }
  }

  private void wokenUp() {
    if (stepping || timeline.now() < wakeAt) {
      return;
    }
    wakeAt = Long.MAX_VALUE;
    stepping = true;
    poked = false;
    int rows = core.step(timeline.now());
    stepping = false;
    if (rows > 0 || poked) {
      wake(timeline.now() + 5_000);
    } else {
      long next = core.nextWake(timeline.now());
      if (next != Long.MAX_VALUE) {
        wake(Math.max(next, timeline.now() + 1_000));
      }
    }
  }

  /** Dials a router, again and again until it answers. */
  void dial(SimRouter router) {
    timeline.after(
        random.nextLong(random.nextBoolean() ? REDIAL : REDIAL / 100),
        name + " dials " + router.name(),
        () -> {
          if (router.up()) {
            streams.add(new EngineStream(this, router, timeline, random));
          } else {
            dial(router);
          }
        });
  }

  /** A stream has ended: what waited on it goes to another router. */
  void streamLost(EngineStream stream) {
    streams.remove(stream);
    for (RoutedPart part : stream.takeWaiting()) {
      send(part);
    }
    dial(stream.router());
  }

  /** A stream of this engine, for faults. */
  List<EngineStream> streams() {
    return List.copyOf(streams);
  }

  @Override
  public RoutedCall submit(RoutedBatch batch) {
    Call call = new Call(batch);
    for (int first = 0; first < batch.rowCount(); first += shape.rowsPerPart()) {
      call.open++;
      int count = Math.min(shape.rowsPerPart(), batch.rowCount() - first);
      send(new RoutedPart(call, first, count));
    }
    return call;
  }

  private void send(RoutedPart part) {
    if (part.call().over()) {
      return;
    }
    if (streams.isEmpty()) {
      part.call().fail(ErrorCode.SERVICE_UNAVAILABLE, "no router is connected");
      return;
    }
    streams.get(random.nextInt(streams.size())).send(part);
  }

  /** A batch whose parts are with the routers. */
  final class Call implements RoutedCall {
    private final RoutedBatch batch;
    private final RoutedRows result;
    private final long giveUpAt;
    private String detail = "";
    private int open;
    private boolean abandoned;
    private @Nullable MeshException failure;

    Call(RoutedBatch batch) {
      this.batch = batch;
      result = RoutedRows.complete(new float[batch.rowCount() * ToyModel.WIDTH]);
      giveUpAt = Math.min(batch.deadlineNanos(), timeline.now() + LONGEST_WAIT);
    }

    RoutedBatch batch() {
      return batch;
    }

    boolean over() {
      return open == 0 || failure != null || abandoned;
    }

    void fail(ErrorCode code, String message) {
      if (!over()) {
        failure = new MeshException(code, message);
      }
    }

    void complete(RoutedPart part, RoutedAnswer answer) {
      if (over()) {
        return;
      }
      System.arraycopy(
          answer.rows(),
          0,
          result.rows(),
          part.first() * ToyModel.WIDTH,
          part.count() * ToyModel.WIDTH);
      answer.unavailable().stream().forEach(row -> result.unavailable().set(part.first() + row));
      answer.nonFinite().stream().forEach(row -> result.nonFinite().set(part.first() + row));
      detail = answer.detail();
      open--;
    }

    @Override
    public RoutedRows await() {
      while (!over()) {
        if (!timeline.runNext(giveUpAt)) {
          abandoned = true;
          throw new MeshException(ErrorCode.SERVICE_UNAVAILABLE, "no router answered in time");
        }
      }
      if (failure != null) {
        throw failure;
      }
      return new RoutedRows(result.rows(), result.unavailable(), result.nonFinite(), detail);
    }
  }
}
