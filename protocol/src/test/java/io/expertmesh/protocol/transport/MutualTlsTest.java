package io.expertmesh.protocol.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.core.TlsFiles;
import io.expertmesh.protocol.v1.IntrospectionGrpc;
import io.expertmesh.protocol.v1.StatusRequest;
import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server with mutual TLS, and callers of every kind. */
class MutualTlsTest {
  @TempDir Path folder;

  private final Authority mesh = new Authority("mesh");
  private final Authority other = new Authority("other");
  private TlsFiles files;
  private MutualTls tls;
  private MeshNetty netty;
  private Server server;

  @BeforeEach
  void start() throws IOException {
    files =
        Authority.files(
            folder.resolve("server"), mesh.issue("expert"), mesh.pem(), "router", "operator");
    tls = MutualTls.of(files);
    netty = new MeshNetty("tls-test", tls);
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                netty.serverCredentials())
            .addService(new IntrospectionService(new StatusBoard("expert", "e", System::nanoTime)));
    netty.customise(builder);
    server = builder.build().start();
  }

  @AfterEach
  void stop() {
    server.shutdownNow();
    netty.close();
    tls.close();
  }

  @Test
  void aCallerWithACertificateOfTheMeshIsAnswered() {
    assertThat(call(mesh.issue("router"), mesh.pem())).isEqualTo(Status.Code.OK);
    assertThat(call(mesh.issue("operator"), mesh.pem())).isEqualTo(Status.Code.OK);
  }

  @Test
  void aCallInPlainTextIsRefused() {
    assertThat(call(MeshCredentials.plain().channel())).isEqualTo(Status.Code.UNAVAILABLE);
  }

  @Test
  void aCallWithoutACertificateIsRefused() throws IOException {
    ChannelCredentials anonymous =
        TlsChannelCredentials.newBuilder().trustManager(files.trust().toFile()).build();
    assertThat(call(anonymous)).isEqualTo(Status.Code.UNAVAILABLE);
  }

  @Test
  void aCertificateOfAnotherAuthorityIsRefused() {
    assertThat(call(other.issue("router"), mesh.pem())).isEqualTo(Status.Code.UNAVAILABLE);
  }

  @Test
  void anExpiredCertificateIsRefused() {
    assertThat(call(mesh.expired("router"), mesh.pem())).isEqualTo(Status.Code.UNAVAILABLE);
  }

  @Test
  void aCertificateOfTheMeshForAnotherNameIsRefused() {
    assertThat(call(mesh.issue("gateway"), mesh.pem())).isEqualTo(Status.Code.UNAVAILABLE);
  }

  @Test
  void aCallerRefusesAServerOfAnotherAuthorityAndOneOfAnotherName() {
    X509Bundle router = mesh.issue("router");
    assertThat(call(router, other.pem())).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(call(router, mesh.pem(), "expert")).isEqualTo(Status.Code.OK);
    assertThat(call(router, mesh.pem(), "attention")).isEqualTo(Status.Code.UNAVAILABLE);
  }

  @Test
  void filesThatChangedAreUsedForNewConnectionsAndTheOldAuthorityIsForgotten() {
    assertThat(call(mesh.issue("router"), mesh.pem())).isEqualTo(Status.Code.OK);
    assertThat(tls.reload()).isFalse();

    Authority.write(files, other.issue("expert"), other.pem());
    assertThat(tls.reload()).isTrue();

    assertThat(call(other.issue("router"), other.pem())).isEqualTo(Status.Code.OK);
    assertThat(call(mesh.issue("router"), other.pem())).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(call(mesh.issue("router"), mesh.pem())).isEqualTo(Status.Code.UNAVAILABLE);
  }

  @Test
  void aConnectionThatStandsOutlivesAReload() {
    MutualTls caller =
        MutualTls.of(Authority.files(folder.resolve("caller"), mesh.issue("router"), mesh.pem()));
    ManagedChannel channel = channel(caller.channel());
    try {
      assertThat(call(channel)).isEqualTo(Status.Code.OK);
      Authority.write(files, other.issue("expert"), other.pem());
      assertThat(tls.reload()).isTrue();
      assertThat(call(channel)).isEqualTo(Status.Code.OK);
    } finally {
      channel.shutdownNow();
      caller.close();
    }
  }

  @Test
  void filesThatDoNotFitTogetherLeaveTheLastGoodOnesInUse() throws IOException {
    Files.writeString(files.key(), other.issue("expert").getPrivateKeyPEM());
    assertThat(tls.reload()).isFalse();
    Files.writeString(files.certificate(), "-----BEGIN CERTIFICATE-----\nMIIB");
    assertThat(tls.reload()).isFalse();
    Files.delete(files.trust());
    assertThat(tls.reload()).isFalse();
    assertThat(call(mesh.issue("router"), mesh.pem())).isEqualTo(Status.Code.OK);
  }

  @Test
  void theFilesAreLookedAtWithoutBeingAsked() {
    TlsFiles watched =
        new TlsFiles(
            files.certificate(), files.key(), files.trust(), files.peers(), Duration.ofMillis(100));
    try (MutualTls watching = MutualTls.of(watched)) {
      Instant before = watching.validUntil();
      Authority.write(files, mesh.expired("expert"), mesh.pem());
      long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (watching.validUntil().equals(before) && System.nanoTime() < limit) {
        Thread.onSpinWait();
      }
      assertThat(watching.validUntil()).isBefore(before);
    }
  }

  @Test
  void whatCannotBeUsedAtTheStartIsRefusedWithTheKeyThatNamesIt() throws IOException {
    Files.writeString(files.key(), other.issue("expert").getPrivateKeyPEM());
    assertThatThrownBy(() -> MutualTls.of(files))
        .isInstanceOf(MeshException.class)
        .hasMessageStartingWith("expertmesh.tls.key: ")
        .hasMessageContaining("is not the key of");
    Files.delete(files.key());
    assertThatThrownBy(() -> MutualTls.of(files))
        .isInstanceOf(MeshException.class)
        .hasMessageStartingWith("expertmesh.tls.key: there is no file ");
    Files.writeString(files.trust(), "");
    Authority.write(files, mesh.issue("expert"), "");
    assertThatThrownBy(() -> MutualTls.of(files))
        .isInstanceOf(MeshException.class)
        .hasMessageStartingWith("expertmesh.tls.trust: ");
  }

  private Status.Code call(X509Bundle identity, String trust, String... peers) {
    try (MutualTls caller =
        MutualTls.of(Authority.files(folder.resolve("caller"), identity, trust, peers))) {
      return call(caller.channel());
    }
  }

  private Status.Code call(ChannelCredentials credentials) {
    ManagedChannel channel = channel(credentials);
    try {
      return call(channel);
    } finally {
      channel.shutdownNow();
    }
  }

  private ManagedChannel channel(ChannelCredentials credentials) {
    return NettyChannelBuilder.forAddress("127.0.0.1", server.getPort(), credentials).build();
  }

  private static Status.Code call(ManagedChannel channel) {
    try {
      IntrospectionGrpc.newBlockingStub(channel)
          .withDeadlineAfter(10, TimeUnit.SECONDS)
          .status(StatusRequest.getDefaultInstance());
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }
}
