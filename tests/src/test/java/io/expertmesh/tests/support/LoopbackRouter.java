package io.expertmesh.tests.support;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.protocol.core.HostPort;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.router.core.DispatchLimits;
import io.expertmesh.router.core.Gates;
import io.expertmesh.router.core.Grouped;
import io.expertmesh.router.core.RoutedModel;
import io.expertmesh.router.transport.RouterReactor;
import io.grpc.Server;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;

/** A router on a port of its own. */
final class LoopbackRouter implements AutoCloseable {
  private final MeshNetty netty = new MeshNetty("router-loop");
  private final Server server;

  LoopbackRouter(Checkpoint checkpoint, Kernels kernels, Arena arena) {
    RouterReactor reactor =
        new RouterReactor(
            "router",
            RoutedModel.of(
                checkpoint.spec(), checkpoint.modelId(), checkpoint.weightsVersion(), DType.F32),
            Gates.load(checkpoint, Grouped.named("request"), kernels, ComputePools.of(1), arena),
            kernels,
            netty,
            new StatusBoard("router-service", "router", System::nanoTime),
            new SplittableRandom(1),
            DispatchLimits.standard());
    server = LoopbackServer.start(netty, reactor.routedLayerService(), reactor.registryService());
  }

  HostPort address() {
    return LoopbackServer.address(server);
  }

  @Override
  public void close() {
    server.shutdownNow();
    netty.close();
  }
}
