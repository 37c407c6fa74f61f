package io.expertmesh.render.core;

import static io.expertmesh.render.core.Custom.ordered;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An authority of the mesh's own, kept by cert-manager, and a certificate per service, which is
 * renewed long before it ends. Services read the new files by themselves.
 */
final class Certificates {
  private static final String API = "cert-manager.io/v1";
  private static final String AUTHORITY = "expertmesh-authority";
  private static final String SELF_SIGNED = "self-signed";
  private static final String ISSUER = "expertmesh";
  private static final Map<String, String> LABELS = Map.of("app.kubernetes.io/name", Names.APP);

  private Certificates() {}

  static List<HasMetadata> of(RenderOptions options) {
    List<HasMetadata> all = new ArrayList<>();
    all.add(Custom.of(API, "Issuer", SELF_SIGNED, LABELS, ordered("selfSigned", Map.of())));
    all.add(Custom.of(API, "Certificate", AUTHORITY, LABELS, authority()));
    all.add(
        Custom.of(API, "Issuer", ISSUER, LABELS, ordered("ca", ordered("secretName", AUTHORITY))));
    for (Role role : Role.values()) {
      all.add(leaf(role.label(), Names.selector(role), options));
    }
    all.add(leaf("keda", LABELS, options));
    return all;
  }

  /** Name that a service's certificate carries, and that its peers ask for. */
  static String identity(String service, RenderOptions options) {
    return service + "." + options.namespace() + ".svc";
  }

  private static Map<String, Object> authority() {
    return ordered(
        "isCA",
        true,
        "commonName",
        "expertmesh",
        "secretName",
        AUTHORITY,
        "duration",
        "8760h",
        "renewBefore",
        "2880h",
        "privateKey",
        ordered("algorithm", "ECDSA", "size", 256),
        "issuerRef",
        ordered("kind", "Issuer", "name", SELF_SIGNED));
  }

  private static HasMetadata leaf(String name, Map<String, String> labels, RenderOptions options) {
    Map<String, Object> spec =
        ordered(
            "secretName",
            "tls-" + name,
            "dnsNames",
            List.of(identity(name, options), name, name + "." + options.namespace()),
            "usages",
            List.of("server auth", "client auth"),
            "duration",
            "720h",
            "renewBefore",
            "240h",
            "privateKey",
            ordered(
                "algorithm", "ECDSA", "size", 256, "encoding", "PKCS8", "rotationPolicy", "Always"),
            "issuerRef",
            ordered("kind", "Issuer", "name", ISSUER));
    return Custom.of(API, "Certificate", name, labels, spec);
  }
}
