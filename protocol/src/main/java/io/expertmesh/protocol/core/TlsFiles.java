package io.expertmesh.protocol.core;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * Where a process finds what it proves itself with, and what it believes others by. All files are
 * PEM, and may be replaced while the process runs.
 *
 * @param certificate its certificate, followed by the intermediate ones
 * @param key the certificate's private key, PKCS#8, not encrypted
 * @param trust certificates of the authorities that others' certificates must come from
 * @param peers names of which a peer's certificate must carry one, as DNS name or URI; empty = any
 *     certificate of the authorities will do
 * @param reload time between two looks at the files
 */
public record TlsFiles(
    Path certificate, Path key, Path trust, List<String> peers, Duration reload) {
  private static final Duration SHORTEST = Duration.ofMillis(100);

  public TlsFiles {
    Objects.requireNonNull(certificate, "certificate");
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(trust, "trust");
    peers = List.copyOf(peers);
    if (reload.compareTo(SHORTEST) < 0) {
      throw new MeshException(
          ErrorCode.INVALID_ARGUMENT,
          "expertmesh.tls.reload is " + reload.toMillis() + " ms, must be at least 100 ms.");
    }
  }
}
