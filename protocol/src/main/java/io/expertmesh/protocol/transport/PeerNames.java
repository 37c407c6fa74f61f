package io.expertmesh.protocol.transport;

import io.grpc.util.AdvancedTlsX509TrustManager.SslSocketAndEnginePeerVerifier;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.SSLEngine;

/**
 * Lets only peers in whose certificates carry one of the given names. It stands in place of the
 * comparison with the dialled host name: replicas are dialled by address, and callers have no name
 * that could be dialled.
 */
final class PeerNames implements SslSocketAndEnginePeerVerifier {
  private static final int DNS = 2;
  private static final int URI = 6;

  private final Set<String> allowed;

  /**
   * @param allowed DNS names and URIs; empty = all
   */
  PeerNames(Collection<String> allowed) {
    this.allowed = Set.copyOf(allowed);
  }

  @Override
  public void verifyPeerCertificate(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    verify(chain);
  }

  @Override
  public void verifyPeerCertificate(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    verify(chain);
  }

  private void verify(X509Certificate[] chain) throws CertificateException {
    if (allowed.isEmpty()) {
      return;
    }
    Set<String> names = names(chain[0]);
    if (names.stream().noneMatch(allowed::contains)) {
      throw new CertificateException(
          "the peer is " + names + ", and expertmesh.tls.peers allows " + new TreeSet<>(allowed));
    }
  }

  private static Set<String> names(X509Certificate certificate) throws CertificateException {
    Set<String> names = new TreeSet<>();
    Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
    if (alternatives != null) {
      for (List<?> alternative : alternatives) {
        if (alternative.get(0) instanceof Integer kind
            && (kind == DNS || kind == URI)
            && alternative.get(1) instanceof String name) {
          names.add(name);
        }
      }
    }
    return names;
  }
}
