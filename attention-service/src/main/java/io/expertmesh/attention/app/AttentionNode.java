package io.expertmesh.attention.app;

import io.expertmesh.attention.core.AttentionStack;
import io.expertmesh.attention.core.Engine;
import io.expertmesh.attention.core.EngineSettings;
import io.expertmesh.attention.core.RoutedLayers;
import io.expertmesh.attention.transport.GenerationService;
import io.expertmesh.attention.transport.RemoteRoutedLayers;
import io.expertmesh.attention.transport.RouterIdentity;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.core.TensorNeeds;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.ProductWarmUp;
import io.expertmesh.model.kernel.Selection;
import io.expertmesh.model.transport.CheckpointFetch;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.Quiet;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.transport.MeshNetty;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The life of the process: loads, waits for experts to be reachable, serves, leaves in order. */
final class AttentionNode {
  private static final System.Logger LOG = System.getLogger(AttentionNode.class.getName());
  private static final int COVERAGE_POLL_MILLIS = 50;

  private final AttentionProperties properties;
  private final StatusBoard board;
  private final MeshNetty netty;
  private final GenerationService service;
  private final ModelFacts facts;

  // Guarded by this.
  private @Nullable Engine engine;
  private @Nullable Future<?> waiting;
  private boolean leaving;

  AttentionNode(
      AttentionProperties properties,
      StatusBoard board,
      MeshNetty netty,
      GenerationService service,
      ModelFacts facts) {
    this.properties = Objects.requireNonNull(properties, "properties");
    this.board = Objects.requireNonNull(board, "board");
    this.netty = Objects.requireNonNull(netty, "netty");
    this.service = Objects.requireNonNull(service, "service");
    this.facts = Objects.requireNonNull(facts, "facts");
  }

  /**
   * Loads and begins to serve. Returns when the weights are resident; the process is ready once
   * every expert can be reached, or, where experts may sleep until a request wakes them, a router.
   *
   * @throws RuntimeException if the configuration or the checkpoint cannot be served
   */
  void start() {
    fetch();
    board.state(ServiceState.LOADING, "opening " + properties.model());
    // Weights and checkpoint live as long as the process: the embedding is read from the file.
    Checkpoint checkpoint = open();
    EngineSettings settings = properties.settings(checkpoint.spec());
    Selection selection = KernelProviders.select(properties.provider(), settings.activations());
    LOG.log(System.Logger.Level.INFO, "Computes with {0}", selection.reason());
    String numerics = selection.kernels().numericsClass(settings.activations()).label();
    board.model(checkpoint.modelId(), checkpoint.weightsVersion(), numerics);
    int maxContext = Math.min(settings.maxContext(), settings.kvTokens());
    facts.model(checkpoint, numerics, maxContext, settings.maxLogprobs());
    RoutedLayers routed = routedLayers(checkpoint, numerics, settings);
    board.state(ServiceState.PACKING, "packing attention weights");
    AttentionStack stack =
        AttentionStack.open(
            checkpoint,
            selection.kernels(),
            ComputePools.of(properties.threads(), properties.helpers()),
            settings,
            routed,
            (rows, nanos) -> {
              board.addTokens(rows);
              board.latency(nanos);
            },
            board::progress);
    serve(stack, routed);
    ProductWarmUp.inBackground(
        selection.kernels(),
        checkpoint.spec().storedDtype(),
        settings.activations(),
        new Quiet(board, System::nanoTime)::await);
  }

  private void fetch() {
    if (!properties.modelUrl().isEmpty()) {
      board.state(ServiceState.LOADING, "fetching weights from " + properties.modelUrl());
      CheckpointFetch.weights(
          properties.modelUrl(), Path.of(properties.model()), TensorNeeds::rest, board::progress);
    }
  }

  private Checkpoint open() {
    Path directory = Path.of(properties.model());
    return properties.modelId().isEmpty()
        ? Checkpoints.open(directory)
        : Checkpoints.open(directory, properties.modelId());
  }

  private RoutedLayers routedLayers(
      Checkpoint checkpoint, String numerics, EngineSettings settings) {
    if (checkpoint.spec().routedLayers().isEmpty()) {
      return batch -> {
        throw new MeshException(ErrorCode.INTERNAL, "layer " + batch.layer() + " is not routed");
      };
    }
    if (properties.attention().routers().isEmpty()) {
      throw new MeshException(
          ErrorCode.INVALID_ARGUMENT,
          "expertmesh.attention.routers is empty, and the model has routed experts.");
    }
    RemoteRoutedLayers remote =
        new RemoteRoutedLayers(
            netty,
            properties.routers(),
            new RouterIdentity(checkpoint.modelId(), checkpoint.weightsVersion(), numerics),
            checkpoint.spec().hiddenSize(),
            settings.activations());
    facts.experts(remote::covered, remote::detail);
    return remote;
  }

  private synchronized void serve(AttentionStack stack, RoutedLayers routed) {
    if (leaving) {
      return;
    }
    Engine started = stack.engine();
    engine = started;
    board.gauges(started::waiting, started::admitted);
    board.counter("prefix_evictions", stack.pages()::evictions);
    board.counter("preemptions", stack.core().scheduler()::preemptions);
    started.start();
    if (routed instanceof RemoteRoutedLayers remote && !reachesEnough(remote)) {
      board.state(ServiceState.WAITING, remote.detail());
      waiting = netty.every(COVERAGE_POLL_MILLIS, () -> readyIfReached(remote));
    } else {
      ready();
    }
    service.serve(started);
  }

  private boolean reachesEnough(RemoteRoutedLayers remote) {
    return remote.covered() || (properties.attention().expertsMaySleep() && remote.connected());
  }

  /** On the event loop. Once ready the process stays so: losing an expert is not losing all. */
  private synchronized void readyIfReached(RemoteRoutedLayers remote) {
    if (board.state() != ServiceState.WAITING) {
      return;
    }
    if (!reachesEnough(remote)) {
      board.state(ServiceState.WAITING, remote.detail());
      return;
    }
    Future<?> poll = waiting;
    if (poll != null) {
      poll.cancel(false);
    }
    ready();
  }

  private void ready() {
    board.progress(1);
    board.state(ServiceState.READY, "");
    LOG.log(System.Logger.Level.INFO, "Ready");
  }

  /** Takes nothing new and finishes what was taken, for a while. */
  void stop() {
    Engine running;
    synchronized (this) {
      leaving = true;
      running = engine;
    }
    board.state(ServiceState.DRAINING, "finishing the requests that were taken");
    if (running == null) {
      return;
    }
    long patience = TimeUnit.SECONDS.toNanos(properties.attention().drainSeconds());
    try {
      if (!running.drain(patience)) {
        LOG.log(System.Logger.Level.WARNING, "Some requests were not finished in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
