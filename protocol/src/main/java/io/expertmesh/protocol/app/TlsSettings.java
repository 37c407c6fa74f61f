package io.expertmesh.protocol.app;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.TlsFiles;
import io.expertmesh.protocol.transport.MeshCredentials;
import io.expertmesh.protocol.transport.MutualTls;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.core.env.Environment;

/**
 * The keys {@code expertmesh.tls.*}. Either all three files are named, or none, which means plain
 * text.
 *
 * @param certificate PEM, the own certificate first
 * @param key PEM, PKCS#8
 * @param trust PEM, the authorities
 * @param peers names of which a peer's certificate must carry one; empty = any
 * @param reload between two looks at the files
 */
public record TlsSettings(
    @DefaultValue("") String certificate,
    @DefaultValue("") String key,
    @DefaultValue("") String trust,
    @DefaultValue List<String> peers,
    @DefaultValue("10s") Duration reload) {

  /**
   * What the environment asks for.
   *
   * @throws MeshException INVALID_ARGUMENT if a key is missing or a file cannot be used
   */
  public static MeshCredentials credentials(Environment environment) {
    return Binder.get(environment).bindOrCreate("expertmesh.tls", TlsSettings.class).credentials();
  }

  MeshCredentials credentials() {
    if (certificate.isBlank() && key.isBlank() && trust.isBlank()) {
      return MeshCredentials.plain();
    }
    return MutualTls.of(
        new TlsFiles(
            file("certificate", certificate),
            file("key", key),
            file("trust", trust),
            peers,
            reload));
  }

  private static Path file(String name, String path) {
    if (path.isBlank()) {
      throw new MeshException(
          ErrorCode.INVALID_ARGUMENT,
          "expertmesh.tls."
              + name
              + " is missing: certificate, key and trust are given together or not at all.");
    }
    return Path.of(path);
  }
}
