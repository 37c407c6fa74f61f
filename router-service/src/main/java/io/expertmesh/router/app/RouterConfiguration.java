package io.expertmesh.router.app;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.CheckpointException;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.core.TensorNeeds;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.Selection;
import io.expertmesh.model.transport.CheckpointFetch;
import io.expertmesh.protocol.app.Management;
import io.expertmesh.protocol.app.Telemetry;
import io.expertmesh.protocol.core.LoadSource;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.transport.IntrospectionService;
import io.expertmesh.protocol.transport.MeshCredentials;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.transport.StatusHealth;
import io.expertmesh.router.core.DispatchLimits;
import io.expertmesh.router.core.Gates;
import io.expertmesh.router.core.Grouped;
import io.expertmesh.router.core.RoutedModel;
import io.expertmesh.router.transport.RouterReactor;
import io.grpc.BindableService;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Builds the process: gates, reactor, server. */
@Configuration(proxyBeanMethods = false)
class RouterConfiguration {
  private static final Logger LOG = LoggerFactory.getLogger(RouterConfiguration.class);

  @Bean
  MeshNetty netty(MeshCredentials credentials) {
    return new MeshNetty("router-loop", credentials);
  }

  @Bean
  StatusBoard statusBoard() {
    return new StatusBoard("router-service", routerId(), System::nanoTime);
  }

  private static String routerId() {
    return "router-" + ProcessHandle.current().pid();
  }

  @Bean
  RouterModel routerModel(RouterSettings settings, StatusBoard board) {
    try {
      board.state(ServiceState.LOADING, "");
      if (!settings.modelUrl().isEmpty()) {
        board.state(ServiceState.LOADING, "fetching the gates from " + settings.modelUrl());
        CheckpointFetch.weights(
            settings.modelUrl(), Path.of(settings.model()), TensorNeeds::gates, board::progress);
      }
      // the mapping is not needed once the gates are packed
      try (Checkpoint checkpoint = open(settings)) {
        DType activations = DType.activations(settings.dtype(), checkpoint.spec().storedDtype());
        // gates run in fp32, whatever the rest of the model runs in
        Selection selection = KernelProviders.select(settings.provider(), DType.F32);
        Kernels kernels = selection.kernels();
        RoutedModel model =
            RoutedModel.of(
                checkpoint.spec(), checkpoint.modelId(), checkpoint.weightsVersion(), activations);
        Gates gates =
            Gates.load(
                checkpoint,
                Grouped.named(settings.router().grouping()),
                kernels,
                ComputePools.of(1),
                Arena.ofShared());
        if (!gates.remark().isEmpty()) {
          LOG.warn("grouping={}: {}", settings.router().grouping(), gates.remark());
        }
        LOG.info(
            "model={} layers={} routed={} activations={} kernels={}: {}",
            model.modelId(),
            model.layers(),
            checkpoint.spec().routedLayers().size(),
            activations,
            kernels.provider(),
            selection.reason());
        return new RouterModel(model, gates, kernels);
      }
    } catch (CheckpointException | IllegalArgumentException e) {
      throw new RefusedException(e);
    }
  }

  @Bean
  RouterReactor router(
      RouterModel loaded, RouterSettings settings, StatusBoard board, MeshNetty netty) {
    return new RouterReactor(
        routerId(),
        loaded.model(),
        loaded.gates(),
        loaded.kernels(),
        netty,
        board,
        new SplittableRandom(),
        DispatchLimits.standard().spreading(settings.router().spreadRows()));
  }

  private static Checkpoint open(RouterSettings settings) {
    Path dir = Path.of(settings.model());
    return settings.modelId().isEmpty()
        ? Checkpoints.open(dir)
        : Checkpoints.open(dir, settings.modelId());
  }

  @Bean
  BindableService routedLayerService(RouterReactor router) {
    return router.routedLayerService();
  }

  @Bean
  BindableService assignmentsService(RouterReactor router, RouterModel loaded) {
    return router.assignmentsService(loaded.gates(), loaded.kernels());
  }

  @Bean
  BindableService registryService(RouterReactor router) {
    return router.registryService();
  }

  /** Health and metrics over HTTP. */
  @Bean(destroyMethod = "close")
  Management management(Environment environment, StatusBoard board) {
    return Management.of(environment, board, state -> state == ServiceState.READY);
  }

  @Bean
  BindableService introspectionService(StatusBoard board) {
    return new IntrospectionService(board);
  }

  @Bean
  BindableService healthService(StatusBoard board) {
    return StatusHealth.of(board);
  }

  @Bean(destroyMethod = "close")
  Telemetry telemetry(Environment environment, StatusBoard board, RouterReactor router) {
    LoadSource tokens = LoadSource.of(board);
    return Telemetry.of(environment::getProperty, board)
        .start(() -> tokens.take().withParked(router.takeParked()));
  }

  @Bean
  RouterShutdown shutdown(RouterReactor router) {
    return new RouterShutdown(router);
  }
}
