package io.expertmesh.router.transport;

import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.RoutedReply;
import io.expertmesh.router.core.DispatchLimits;
import io.expertmesh.router.core.Dispatcher;
import io.expertmesh.router.core.Gates;
import io.expertmesh.router.core.Gating;
import io.expertmesh.router.core.Registry;
import io.expertmesh.router.core.Replica;
import io.expertmesh.router.core.ReplicaChoice;
import io.expertmesh.router.core.RouteRequest;
import io.expertmesh.router.core.RouteSink;
import io.expertmesh.router.core.RoutedModel;
import io.grpc.BindableService;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/**
 * The router on one event loop: a message that arrives is decoded, gated, grouped, encoded and
 * handed to the network without leaving the thread, and the same for the way back. So the
 * dispatcher needs no locks and a call no hand-over.
 */
public final class RouterReactor {
  private static final int TICK_MILLIS = 5;
  private static final int DRAIN_POLL_MILLIS = 5;

  private final RoutedModel model;
  private final Registry registry;
  private final MeshNetty netty;
  private final StatusBoard board;
  private final Replicas replicas;
  private final Dispatcher dispatcher;
  private final String remark;
  private boolean ticking;
  private boolean draining;

  /**
   * A router without replicas.
   *
   * @param routerId name that replicas are told
   * @param limits bounds of its dispatcher
   */
  public RouterReactor(
      String routerId,
      RoutedModel model,
      Gating gating,
      Kernels kernels,
      MeshNetty netty,
      StatusBoard board,
      RandomGenerator random,
      DispatchLimits limits) {
    this.model = model;
    this.netty = netty;
    this.board = board;
    this.remark = gating.remark();
    this.registry = new Registry(model);
    this.replicas =
        new Replicas(
            registry,
            netty,
            System::nanoTime,
            routerId,
            link ->
                new Dispatcher(
                    registry,
                    gating,
                    new ReplicaChoice(random),
                    kernels,
                    link,
                    limits,
                    System::nanoTime),
            this::showState);
    this.dispatcher = replicas.dispatcher();
    board.gauges(dispatcher::rowsInFlight, dispatcher::callsInFlight);
    dispatcher
        .counters()
        .snapshot()
        .keySet()
        .forEach(
            name ->
                board.counter(name, () -> dispatcher.counters().snapshot().getOrDefault(name, 0L)));
    RowServices.FALLBACKS.showOn(board);
    netty.executor().execute(this::showState);
  }

  /** Takes the calls of routed layers. */
  public BindableService routedLayerService() {
    return RowServices.routedLayer(
        new DescribeService(registry),
        replies ->
            new RouteStream(this, (ServerCallStreamObserver<RowMessage<RoutedReply>>) replies));
  }

  /**
   * Tells what gates would decide.
   *
   * @param gates those that this router routes by
   */
  public BindableService assignmentsService(Gates gates, Kernels kernels) {
    return new AssignmentsService(model, gates, kernels, dispatcher.counters());
  }

  /** Where replicas dial in, and where they can be looked up. */
  public BindableService registryService() {
    return new RegistryService(replicas, registry);
  }

  private void showState() {
    board.model(model.modelId(), model.weightsVersion(), registry.numericsClass());
    if (draining) {
      return;
    }
    if (registry.ready()) {
      if (board.state() != ServiceState.READY) {
        board.state(ServiceState.READY, remark);
      }
    } else {
      board.state(ServiceState.WAITING, "waits for " + registry.missing());
    }
  }

  RoutedModel model() {
    return model;
  }

  long nanoTime() {
    return System.nanoTime();
  }

  boolean draining() {
    return draining;
  }

  void route(RouteRequest request) {
    dispatcher.route(request);
    if (!ticking && dispatcher.callsInFlight() > 0) {
      ticking = true;
      netty.after(TICK_MILLIS, this::tick);
    }
  }

  private void tick() {
    dispatcher.tick(System.nanoTime());
    ticking = dispatcher.callsInFlight() > 0;
    if (ticking) {
      netty.after(TICK_MILLIS, this::tick);
    }
  }

  void finished(RouteRequest request) {
    board.latency(System.nanoTime() - request.arrivedNanos());
    board.addTokens(request.rowCount());
  }

  void cancel(RouteSink sink) {
    dispatcher.cancel(sink);
  }

  /**
   * Takes no new calls and replicas from now on, and lets calls in flight end.
   *
   * @return completes, on the event loop, when nothing is in flight
   */
  public CompletableFuture<Void> drain() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    netty
        .executor()
        .execute(
            () -> {
              draining = true;
              board.state(ServiceState.DRAINING, "");
              awaitIdle(done);
            });
    return done;
  }

  private void awaitIdle(CompletableFuture<Void> done) {
    if (dispatcher.callsInFlight() == 0) {
      done.complete(null);
    } else {
      netty.after(DRAIN_POLL_MILLIS, () -> awaitIdle(done));
    }
  }

  /** Replicas that get calls at this moment. */
  public CompletableFuture<Long> liveReplicas() {
    return CompletableFuture.supplyAsync(
        () -> registry.replicas().stream().filter(Replica::live).count(), netty.executor());
  }

  /** Rows that no replica was there for since the last call, by shard; from any thread. */
  public Map<String, Long> takeParked() {
    return registry.takeParked();
  }

  /** Ends all leases and connections. */
  public CompletableFuture<Void> close() {
    return CompletableFuture.runAsync(replicas::close, netty.executor());
  }
}
