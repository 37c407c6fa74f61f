package io.expertmesh.router.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.v1.DescribeRouterRequest;
import io.expertmesh.protocol.v1.IntrospectionGrpc;
import io.expertmesh.protocol.v1.RoutedLayerGrpc;
import io.expertmesh.protocol.v1.RouterDescription;
import io.expertmesh.protocol.v1.StatusRequest;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;

class RouterApplicationTest {
  private static final String MODEL = "../models/tiny-moe";

  @Test
  void aRouterWithoutReplicasSaysWhatItWaitsForAndIsNotServing() throws Exception {
    try (ConfigurableApplicationContext context =
            SpringApplication.run(RouterApplication.class, "--expertmesh.model=" + MODEL);
        MeshNetty netty = new MeshNetty("test")) {
      int port = context.getBean(GrpcServerLifecycle.class).getPort();
      ManagedChannel channel = netty.channel("127.0.0.1", port);

      RouterDescription description =
          RoutedLayerGrpc.newBlockingStub(channel)
              .describeRouter(DescribeRouterRequest.getDefaultInstance());
      assertThat(description.getModelId()).isEqualTo("tiny-moe");
      assertThat(description.getReady()).isFalse();
      assertThat(description.getMissing()).isEqualTo("48 of 48 experts, first layer 0 expert 0");
      assertThat(
              HealthGrpc.newBlockingStub(channel)
                  .check(HealthCheckRequest.getDefaultInstance())
                  .getStatus())
          .isEqualTo(ServingStatus.NOT_SERVING);
      assertThat(
              IntrospectionGrpc.newBlockingStub(channel)
                  .status(StatusRequest.getDefaultInstance())
                  .getDetail())
          .isEqualTo("waits for 48 of 48 experts, first layer 0 expert 0");
      assertThat(context.getBean(StatusBoard.class).state()).isEqualTo(ServiceState.WAITING);
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void aModelThatIsNotThereIsRefusedWithOneSentence() {
    assertThatThrownBy(
            () -> SpringApplication.run(RouterApplication.class, "--expertmesh.model=nowhere"))
        .hasRootCauseMessage("nowhere: there is no such directory.");
  }

  @Test
  void settingsNameTheKeyAndWhatIsAllowed() {
    RouterSettings.Router router = new RouterSettings.Router("request", 16);
    assertThatThrownBy(() -> new RouterSettings(" ", "", "", "auto", "auto", router))
        .hasMessage("expertmesh.model is not set, must be a checkpoint directory");
    assertThatThrownBy(() -> new RouterSettings.Router("request", 0))
        .hasMessage("expertmesh.router.spread-rows is 0, must be from 1 to 1048576");
  }
}
