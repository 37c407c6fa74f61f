package io.expertmesh.tests.support;

import io.expertmesh.expert.core.ExpertEngine;
import io.expertmesh.expert.core.ExpertHost;
import io.expertmesh.expert.core.ExpertWeights;
import io.expertmesh.expert.core.Pace;
import io.expertmesh.expert.core.Probation;
import io.expertmesh.expert.core.ShardNotation;
import io.expertmesh.expert.transport.ExpertService;
import io.expertmesh.expert.transport.JoinRequests;
import io.expertmesh.expert.transport.LeaseClient;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.protocol.core.HostPort;
import io.expertmesh.protocol.transport.MeshNetty;
import io.grpc.Server;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.SplittableRandom;

/** A replica of a shard on a port of its own, with a lease of one router. */
final class LoopbackExpert implements AutoCloseable {
  private static final int MAX_ROWS = 256;
  private static final int QUEUE_PAIRS = 8192;

  private final MeshNetty netty = new MeshNetty("expert-net");
  private final ComputePool pool = ComputePools.of(1);
  private final ExpertHost host;
  private final Thread computing;
  private final Server server;
  private final LeaseClient leases;

  /**
   * @param share {@code i/n}: the i-th of n parts of the experts
   */
  LoopbackExpert(
      String name,
      String share,
      Checkpoint checkpoint,
      Kernels kernels,
      HostPort router,
      Arena arena) {
    ExpertWeights weights =
        ExpertWeights.pack(
            checkpoint,
            ShardNotation.parse(share, checkpoint.spec(), "", share),
            kernels,
            DType.F32,
            arena,
            (packed, total) -> {});
    ExpertEngine engine = new ExpertEngine(weights, kernels, pool, MAX_ROWS);
    host =
        new ExpertHost(
            engine, QUEUE_PAIRS, System::nanoTime, (block, pairs, nanos) -> {}, Pace.NONE);
    computing = Thread.ofPlatform().name("expert-compute").start(host::run);
    ExpertService service = new ExpertService(System::nanoTime, netty.executor());
    service.serve(host);
    server = LoopbackServer.start(netty, service);
    String address = LoopbackServer.address(server).toString();
    leases =
        new LeaseClient(
            netty,
            List.of(router),
            JoinRequests.of(engine, checkpoint.modelId(), name, address),
            host::load,
            System::nanoTime,
            new SplittableRandom(1),
            new Probation(host, LoopbackExpert::broken)::prove,
            (accepted, trouble) -> {});
    leases.start();
  }

  private static void broken(String sentence) {
    throw new IllegalStateException(sentence);
  }

  @Override
  public void close() {
    try {
      leases.close();
      server.shutdownNow();
      host.stop();
      computing.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    netty.close();
    pool.close();
  }
}
