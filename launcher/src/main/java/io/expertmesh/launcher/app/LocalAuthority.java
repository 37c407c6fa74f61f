package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.protocol.core.TlsFiles;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * An authority for one mesh on one machine, made at its start: it signs one certificate, which all
 * services share, and is forgotten. Only the files are left.
 */
final class LocalAuthority {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");
  private static final Duration CLOCKS_DIFFER = Duration.ofMinutes(5);
  private static final Duration VALID = Duration.ofDays(365);

  private LocalAuthority() {}

  /**
   * Writes certificate, key and authority.
   *
   * @param files where to; files of an earlier mesh are replaced
   */
  static void create(TlsFiles files) {
    X509Bundle mesh = issue(Instant.now());
    try {
      for (Path file : List.of(files.certificate(), files.key(), files.trust())) {
        Files.createDirectories(file.toAbsolutePath().getParent());
      }
      Files.writeString(files.certificate(), mesh.getCertificatePathPEM());
      Files.writeString(files.trust(), mesh.getRootCertificatePEM());
      Files.deleteIfExists(files.key());
      Files.createFile(files.key(), PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      Files.writeString(files.key(), mesh.getPrivateKeyPEM());
    } catch (IOException e) {
      throw new LauncherException("Cannot write " + files.certificate() + ".", e);
    }
  }

  private static X509Bundle issue(Instant now) {
    CertificateBuilder valid =
        new CertificateBuilder()
            .ecp256()
            .notBefore(now.minus(CLOCKS_DIFFER))
            .notAfter(now.plus(VALID));
    try {
      X509Bundle authority =
          valid
              .copy()
              .subject("CN=expertmesh on this machine")
              .setIsCertificateAuthority(true)
              .buildSelfSigned();
      return valid
          .copy()
          .subject("CN=expertmesh")
          .addSanDnsName("localhost")
          .addExtendedKeyUsageServerAuth()
          .addExtendedKeyUsageClientAuth()
          .buildIssuedBy(authority);
    } catch (Exception e) {
      throw new LauncherException("Cannot make certificates: " + e.getMessage(), e);
    }
  }
}
