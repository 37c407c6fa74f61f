package io.expertmesh.benchmarks.routing;

import io.expertmesh.attention.transport.RemoteRoutedLayers;
import io.expertmesh.attention.transport.RouterIdentity;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.protocol.core.HostPort;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.ServiceStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** Plays the attention-service against a mesh, with its own client, and measures. */
final class RoutedRun {
  private static final long HIGHEST_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final long COVER_SECONDS = 20;

  private final RoutedMesh mesh;
  private final RoutedOptions options;
  private final Kernels kernels;
  private final RouterIdentity identity;

  RoutedRun(RoutedMesh mesh, Path model, RoutedOptions options) {
    this.mesh = mesh;
    this.options = options;
    this.kernels = KernelProviders.select(options.provider(), options.dtype()).kernels();
    String numerics = kernels.numericsClass(options.dtype()).label();
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      identity = new RouterIdentity(checkpoint.modelId(), checkpoint.weightsVersion(), numerics);
    }
  }

  RoutedFigures measure() throws IOException, InterruptedException {
    try (MeshNetty netty = new MeshNetty("attention");
        RemoteRoutedLayers routed =
            new RemoteRoutedLayers(
                netty,
                HostPort.list("router", List.of(mesh.routerAddress())),
                identity,
                options.hidden(),
                options.dtype());
        MeshMeter meter = new MeshMeter(mesh)) {
      awaitCovered(routed);
      RoutedLoad load = new RoutedLoad(routed, options, kernels);
      load.run(options.warmup(), histogram());
      Histogram nanos = histogram();
      MeshMeter.Use before = meter.read();
      load.run(options.calls(), nanos);
      return figures(nanos, meter.read().minus(before));
    }
  }

  private static Histogram histogram() {
    return new Histogram(HIGHEST_NANOS, 3);
  }

  private static void awaitCovered(RemoteRoutedLayers routed) throws InterruptedException {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(COVER_SECONDS);
    while (!routed.covered()) {
      if (System.nanoTime() > giveUp) {
        throw new IllegalStateException(routed.detail());
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private RoutedFigures figures(Histogram nanos, MeshMeter.Use use) throws IOException {
    ServiceStatus router = mesh.router().status();
    long fallbacks = RowServices.FALLBACKS.total() + fallbacks(router);
    double expertMillis = 0;
    for (ServiceProcess expert : mesh.experts()) {
      ServiceStatus status = expert.status();
      fallbacks += fallbacks(status);
      expertMillis = Math.max(expertMillis, status.getP50Millis());
    }
    MessageSizes sizes = new MessageSizes(options);
    return new RoutedFigures(
        nanos, use, sizes.request(), sizes.reply(), router.getP50Millis(), expertMillis, fallbacks);
  }

  private static long fallbacks(ServiceStatus status) {
    return status.getCountersOrThrow("marshaller_fallbacks");
  }
}
