package io.expertmesh.protocol.transport;

import io.expertmesh.protocol.core.TlsFiles;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** An authority that tests let sign what they need. */
final class Authority {
  private final X509Bundle root;

  Authority(String name) {
    try {
      root =
          valid(Instant.now())
              .subject("CN=" + name)
              .setIsCertificateAuthority(true)
              .buildSelfSigned();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** A certificate for a name, valid for a day. */
  X509Bundle issue(String name) {
    return issue(name, valid(Instant.now()));
  }

  /** A certificate that was valid until a minute ago. */
  X509Bundle expired(String name) {
    Instant now = Instant.now();
    return issue(
        name,
        new CertificateBuilder()
            .ecp256()
            .notBefore(now.minus(Duration.ofDays(2)))
            .notAfter(now.minus(Duration.ofMinutes(1))));
  }

  private X509Bundle issue(String name, CertificateBuilder builder) {
    try {
      return builder.subject("CN=" + name).addSanDnsName(name).buildIssuedBy(root);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static CertificateBuilder valid(Instant now) {
    return new CertificateBuilder()
        .ecp256()
        .notBefore(now.minus(Duration.ofDays(1)))
        .notAfter(now.plus(Duration.ofDays(1)));
  }

  /** The authority's certificate. */
  String pem() {
    return root.getCertificatePEM();
  }

  /**
   * Writes files of a process.
   *
   * @param identity what it shows
   * @param trust PEM of those it believes
   * @param peers names it lets in
   */
  static TlsFiles files(Path folder, X509Bundle identity, String trust, String... peers) {
    TlsFiles files =
        new TlsFiles(
            folder.resolve("tls.crt"),
            folder.resolve("tls.key"),
            folder.resolve("ca.crt"),
            List.of(peers),
            Duration.ofHours(1));
    write(files, identity, trust);
    return files;
  }

  /** Replaces the files of a process. */
  static void write(TlsFiles files, X509Bundle identity, String trust) {
    try {
      Files.createDirectories(files.certificate().toAbsolutePath().getParent());
      Files.writeString(files.certificate(), identity.getCertificatePathPEM());
      Files.writeString(files.key(), identity.getPrivateKeyPEM());
      Files.writeString(files.trust(), trust);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
