package io.expertmesh.tests.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.v1.IntrospectionGrpc;
import io.expertmesh.protocol.v1.StatusRequest;
import io.expertmesh.tests.support.Completions;
import io.expertmesh.tests.support.MeshUnderTest;
import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.File;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A mesh of real processes that talk over mutual TLS, and strangers at every one of them. */
class MutualTlsMeshTest {

  @Test
  void everyServiceAnswersTheMeshAndRefusesStrangers() throws Exception {
    X509Bundle stranger =
        new CertificateBuilder()
            .ecp256()
            .subject("CN=stranger")
            .setIsCertificateAuthority(true)
            .buildSelfSigned();
    try (MeshUnderTest mesh =
        MeshUnderTest.up(
            MeshUnderTest.golden("mixtral"),
            MeshUnderTest.SHORT_LIVED,
            "--tls",
            "--experts",
            "2")) {
      File authority = file(mesh, "authority.pem");
      ChannelCredentials member =
          TlsChannelCredentials.newBuilder()
              .trustManager(authority)
              .keyManager(file(mesh, "mesh.pem"), file(mesh, "mesh.key"))
              .build();
      ChannelCredentials anonymous =
          TlsChannelCredentials.newBuilder().trustManager(authority).build();
      ChannelCredentials foreign =
          TlsChannelCredentials.newBuilder()
              .trustManager(authority)
              .keyManager(stranger.toTempCertChainPem(), stranger.toTempPrivateKeyPem())
              .build();
      List<MeshUnderTest.Instance> instances = mesh.instances();
      assertThat(instances).hasSize(5);
      for (MeshUnderTest.Instance instance : instances) {
        assertThat(call(instance, member)).as("%s, member", instance).isEqualTo(Status.Code.OK);
        for (ChannelCredentials wrong :
            List.of(InsecureChannelCredentials.create(), anonymous, foreign)) {
          assertThat(call(instance, wrong))
              .as("%s, %s", instance, wrong)
              .isEqualTo(Status.Code.UNAVAILABLE);
        }
      }
      assertThat(Completions.greedy(mesh.client(), List.of(1, 2, 3), 4).ids()).hasSize(4);
    }
  }

  private static File file(MeshUnderTest mesh, String name) {
    return mesh.runDirectory().resolve("tls").resolve(name).toFile();
  }

  private static Status.Code call(MeshUnderTest.Instance instance, ChannelCredentials credentials) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", instance.grpcPort(), credentials)
            .overrideAuthority("localhost")
            .build();
    try {
      IntrospectionGrpc.newBlockingStub(channel)
          .withDeadlineAfter(10, TimeUnit.SECONDS)
          .status(StatusRequest.getDefaultInstance());
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    } finally {
      channel.shutdownNow();
    }
  }
}
