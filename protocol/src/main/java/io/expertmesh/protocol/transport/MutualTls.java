package io.expertmesh.protocol.transport;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.TlsFiles;
import io.grpc.ChannelCredentials;
import io.grpc.ServerCredentials;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettySslContextChannelCredentials;
import io.grpc.netty.NettySslContextServerCredentials;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.AdvancedTlsX509TrustManager.Verification;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/**
 * TLS 1.3 in which both sides show a certificate. The files are looked at again and again; what has
 * changed is used for every connection that begins from then on, those that stand are left alone. A
 * change that cannot be used (a file half written, a key without its certificate) is logged, and
 * the last good material stays.
 */
public final class MutualTls implements MeshCredentials {
  private static final System.Logger LOG = System.getLogger(MutualTls.class.getName());

  /**
   * Seconds for which a session may be resumed. A resumed session is not checked against the
   * authorities again, so that without this bound a peer could outlive its certificate by a day.
   */
  private static final long SESSION_SECONDS = 1;

  private final TlsFiles files;
  private final AdvancedTlsX509KeyManager identity = new AdvancedTlsX509KeyManager();
  private final AdvancedTlsX509TrustManager trust;
  private final ServerCredentials server;
  private final ChannelCredentials channel;
  private final ScheduledExecutorService watcher =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("tls-files").factory());

  // Guarded by this.
  private TlsMaterial material;
  private String trouble = "";

  private MutualTls(TlsFiles files, TlsMaterial material)
      throws GeneralSecurityException, IOException {
    this.files = files;
    this.material = material;
    trust =
        AdvancedTlsX509TrustManager.newBuilder()
            .setVerification(Verification.CERTIFICATE_ONLY_VERIFICATION)
            .setSslSocketAndEnginePeerVerifier(new PeerNames(files.peers()))
            .build();
    use(material);
    server = NettySslContextServerCredentials.create(forServers());
    channel = NettySslContextChannelCredentials.create(forChannels());
  }

  /**
   * Reads the files and goes on watching them until closed.
   *
   * @throws MeshException INVALID_ARGUMENT if a file is missing or unreadable, or the key is not
   *     that of the certificate
   */
  public static MutualTls of(TlsFiles files) {
    try {
      MutualTls tls = new MutualTls(files, TlsMaterial.read(files));
      long millis = files.reload().toMillis();
      Future<?> unused =
          tls.watcher.scheduleWithFixedDelay(tls::reload, millis, millis, TimeUnit.MILLISECONDS);
      return tls;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("TLS cannot be set up: " + e.getMessage(), e);
    }
  }

  /**
   * Looks at the files now.
   *
   * @return whether other certificates, authorities or keys are used from now on
   */
  @CanIgnoreReturnValue
  public synchronized boolean reload() {
    try {
      TlsMaterial found = TlsMaterial.read(files);
      trouble = "";
      if (found.sameAs(material)) {
        return false;
      }
      use(found);
      material = found;
      LOG.log(System.Logger.Level.INFO, "Certificates reloaded, valid until {0}", validUntil());
      return true;
    } catch (MeshException | GeneralSecurityException | IOException e) {
      String sentence = String.valueOf(e.getMessage());
      if (!sentence.equals(trouble)) {
        // Once, not at every look.
        trouble = sentence;
        LOG.log(
            System.Logger.Level.WARNING,
            "The certificates in use stay, the ones found cannot be used: {0}",
            sentence);
      }
      return false;
    }
  }

  /** When the own certificate expires. */
  public synchronized Instant validUntil() {
    return material.chain()[0].getNotAfter().toInstant();
  }

  private void use(TlsMaterial found) throws GeneralSecurityException, IOException {
    trust.updateTrustCredentials(found.authorities());
    identity.updateIdentityCredentials(found.chain(), found.key());
  }

  private SslContext forServers() throws SSLException {
    return GrpcSslContexts.configure(SslContextBuilder.forServer(identity), SslProvider.JDK)
        .trustManager(trust)
        .clientAuth(ClientAuth.REQUIRE)
        .protocols("TLSv1.3")
        .sessionTimeout(SESSION_SECONDS)
        .build();
  }

  private SslContext forChannels() throws SSLException {
    return GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
        .keyManager(identity)
        .trustManager(trust)
        .protocols("TLSv1.3")
        .sessionTimeout(SESSION_SECONDS)
        .build();
  }

  @Override
  public ServerCredentials server() {
    return server;
  }

  @Override
  public ChannelCredentials channel() {
    return channel;
  }

  /** Stops watching the files. */
  @Override
  public void close() {
    watcher.shutdownNow();
  }
}
