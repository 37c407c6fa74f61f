package io.expertmesh.expert.app;

import io.expertmesh.expert.core.ExpertEngine;
import io.expertmesh.expert.core.ExpertHost;
import io.expertmesh.expert.core.ExpertWeights;
import io.expertmesh.expert.core.Pace;
import io.expertmesh.expert.core.Probation;
import io.expertmesh.expert.core.SelfTest;
import io.expertmesh.expert.core.ShardSpec;
import io.expertmesh.expert.core.WarmUp;
import io.expertmesh.expert.transport.ExpertService;
import io.expertmesh.expert.transport.JoinRequests;
import io.expertmesh.expert.transport.LeaseClient;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Selection;
import io.expertmesh.model.transport.CheckpointFetch;
import io.expertmesh.protocol.app.Telemetry;
import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.core.LoadMeter;
import io.expertmesh.protocol.core.Quiet;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.transport.MeshNetty;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The life of a replica: loads its shard, proves itself, takes leases, serves, and leaves in order.
 */
final class ExpertReplica {
  private static final System.Logger LOG = System.getLogger(ExpertReplica.class.getName());

  /** Rows computed together; beyond it a batch gains nothing. */
  private static final int MAX_ROWS = 256;

  /** Calls that were on their way when the leave was announced still arrive within this time. */
  private static final long LEAVE_GRACE_MILLIS = 250;

  private final StatusBoard board;
  private final MeshNetty netty;
  private final ExpertService service;
  private final Telemetry telemetry;
  private final IntConsumer exit;
  private volatile boolean broken;

  private volatile @Nullable ExpertHost host;

  // Guarded by this.
  private @Nullable LeaseClient leases;
  private int drainSeconds;
  private boolean leaving;

  /**
   * @param exit ends the process with a code, in an orderly way
   */
  ExpertReplica(
      StatusBoard board,
      MeshNetty netty,
      ExpertService service,
      Telemetry telemetry,
      IntConsumer exit) {
    this.board = Objects.requireNonNull(board, "board");
    this.netty = Objects.requireNonNull(netty, "netty");
    this.service = Objects.requireNonNull(service, "service");
    this.telemetry = Objects.requireNonNull(telemetry, "telemetry");
    this.exit = Objects.requireNonNull(exit, "exit");
  }

  /**
   * Does once, for one expert, what {@link #start} does for every expert of a shard, until the
   * machine code for it is there, and keeps nothing of it.
   *
   * @throws RuntimeException if the configuration or the checkpoint cannot be served
   */
  void warmUp(ExpertProperties properties) throws InterruptedException {
    board.state(ServiceState.LOADING, "opening " + properties.model());
    try (Checkpoint checkpoint = open(properties);
        ComputePool pool = ComputePools.of(properties.threads(), properties.helpers())) {
      DType activations = properties.activations(checkpoint.spec());
      Selection selection = KernelProviders.select(properties.provider(), activations);
      board.state(ServiceState.SELF_TEST, "getting warm");
      WarmUp.run(checkpoint, selection.kernels(), activations, pool, MAX_ROWS);
    }
  }

  /**
   * Loads, tests and begins to serve. Returns when the routers are being dialled.
   *
   * @param properties say what
   * @param port port that the process serves on
   * @throws RuntimeException if the configuration or the checkpoint cannot be served
   */
  void start(ExpertProperties properties, int port) {
    fetch(properties);
    board.state(ServiceState.LOADING, "opening " + properties.model());
    ExpertEngine engine;
    String modelId;
    DType stored;
    try (Checkpoint checkpoint = open(properties)) {
      modelId = checkpoint.modelId();
      stored = checkpoint.spec().storedDtype();
      engine = pack(checkpoint, properties);
    }
    board.state(ServiceState.SELF_TEST, "computing a probe on every expert");
    SelfTest.run(engine);
    serve(engine, modelId, properties, properties.grpc().dialled() + ":" + port);
    engine.warmUp(stored, new Quiet(board, System::nanoTime)::await);
  }

  private void fetch(ExpertProperties properties) {
    if (!properties.modelUrl().isEmpty()) {
      board.state(ServiceState.LOADING, "fetching the shard from " + properties.modelUrl());
      CheckpointFetch.weights(
          properties.modelUrl(),
          properties.modelDirectory(),
          spec -> ExpertWeights.reads(spec, properties.shard(spec)),
          board::progress);
    }
  }

  private static Checkpoint open(ExpertProperties properties) {
    return properties.modelId().isEmpty()
        ? Checkpoints.open(properties.modelDirectory())
        : Checkpoints.open(properties.modelDirectory(), properties.modelId());
  }

  private ExpertEngine pack(Checkpoint checkpoint, ExpertProperties properties) {
    ShardSpec shard = properties.shard(checkpoint.spec());
    DType activations = properties.activations(checkpoint.spec());
    Selection selection = KernelProviders.select(properties.provider(), activations);
    LOG.log(System.Logger.Level.INFO, "Computes with {0}", selection.reason());
    board.shard(shard.name());
    board.model(
        checkpoint.modelId(),
        checkpoint.weightsVersion(),
        selection.kernels().numericsClass(activations).label());
    board.state(ServiceState.PACKING, "packing " + shard.blocks().size() + " experts");
    ComputePool pool = ComputePools.of(properties.threads(), properties.helpers());
    // The weights live as long as the process.
    ExpertWeights weights =
        ExpertWeights.pack(
            checkpoint,
            shard,
            selection.kernels(),
            activations,
            Arena.global(),
            (packed, total) -> board.progress((double) packed / total));
    return new ExpertEngine(weights, selection.kernels(), pool, MAX_ROWS);
  }

  private synchronized void serve(
      ExpertEngine engine, String modelId, ExpertProperties properties, String address) {
    if (leaving) {
      return;
    }
    ExpertProperties.Expert expert = properties.expert();
    LoadMeter meter = new LoadMeter(blocks(engine), this::inFlightPairs);
    ExpertHost serving =
        new ExpertHost(
            engine,
            expert.queuePairs(),
            System::nanoTime,
            new LoadObserver(board, meter),
            new Pace(TimeUnit.MICROSECONDS.toNanos(expert.paceMicros())));
    host = serving;
    drainSeconds = expert.drainSeconds();
    telemetry.start(meter);
    board.experts(meter::totals);
    board.gauges(() -> serving.load().waitingPairs(), () -> serving.load().inFlightPairs());
    Thread.ofPlatform()
        .name("expert-compute")
        .uncaughtExceptionHandler((_, e) -> broken("The computing thread ended: " + e))
        .start(serving::run);
    service.serve(serving);
    LOG.log(
        System.Logger.Level.INFO,
        "Serves {0} experts of {1} at {2}: shard {3}, {4} MiB, {5}",
        engine.weights().shard().blocks().size(),
        modelId,
        address,
        expert.shard(),
        engine.weights().bytes() >> 20,
        engine.numericsClass());
    board.state(ServiceState.WAITING, "no router has given a lease yet");
    leases =
        new LeaseClient(
            netty,
            properties.routers(),
            JoinRequests.of(
                engine,
                modelId,
                expert.replicaName() + "-" + ProcessHandle.current().pid(),
                address),
            serving::load,
            System::nanoTime,
            RandomGenerator.getDefault(),
            new Probation(serving, this::broken)::prove,
            this::leasesChanged);
    leases.start();
  }

  private static List<LoadEvent.ExpertTokens> blocks(ExpertEngine engine) {
    return engine.weights().shard().blocks().stream()
        .map(block -> new LoadEvent.ExpertTokens(block.layer(), block.expert(), 0))
        .toList();
  }

  private int inFlightPairs() {
    ExpertHost serving = host;
    return serving == null ? 0 : serving.load().inFlightPairs();
  }

  /** On the event loop, which must not wait for {@link #stop}: only the board is touched. */
  private void leasesChanged(int accepted, String trouble) {
    if (broken || board.state() == ServiceState.DRAINING) {
      return;
    }
    if (accepted > 0) {
      board.state(ServiceState.READY, trouble);
    } else {
      board.state(ServiceState.WAITING, trouble);
    }
  }

  /** Ends the process: whoever supervises it starts a new one, which loads the weights afresh. */
  void broken(String sentence) {
    broken = true;
    board.state(ServiceState.FAILED, sentence);
    LOG.log(System.Logger.Level.ERROR, sentence);
    exit.accept(1);
  }

  /** Leaves in order: tells the routers, finishes what was taken, then gives the leases up. */
  void stop() {
    ExpertHost serving;
    LeaseClient held;
    int seconds;
    synchronized (this) {
      leaving = true;
      seconds = drainSeconds;
      serving = host;
      held = leases;
    }
    if (broken) {
      // Nothing that it would finish could be trusted.
      return;
    }
    board.state(ServiceState.DRAINING, "finishing what was taken");
    LOG.log(System.Logger.Level.INFO, "Leaving");
    if (serving == null || held == null) {
      return;
    }
    try {
      drain(serving, held, seconds);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    serving.stop();
  }

  private void drain(ExpertHost serving, LeaseClient held, int seconds)
      throws InterruptedException {
    long limit = TimeUnit.SECONDS.toMillis(seconds);
    held.leave();
    // Only now can no lease change the state any more.
    board.state(ServiceState.DRAINING, "finishing what was taken");
    if (limit > 0) {
      // Not a wait for something: whatever arrives in this time is still taken.
      TimeUnit.MILLISECONDS.sleep(Math.min(limit, LEAVE_GRACE_MILLIS));
    }
    serving.drain();
    if (!serving.awaitIdle(TimeUnit.MILLISECONDS.toNanos(limit))) {
      LOG.log(
          System.Logger.Level.WARNING,
          "Left {0} pairs unanswered: they were not finished within {1} s",
          serving.load().inFlightPairs(),
          seconds);
    }
    held.close();
  }
}
