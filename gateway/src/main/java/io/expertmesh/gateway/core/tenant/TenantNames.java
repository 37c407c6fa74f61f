package io.expertmesh.gateway.core.tenant;

import io.expertmesh.gateway.core.request.ApiException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Names the tenant of a request. A key is known by its SHA-256 only and never leaves the request;
 * one that has no name is called by the beginning of its hash.
 *
 * @param header name of the header in which a proxy that is trusted names the tenant; empty = none
 * @param names tenant by the SHA-256 of its key, 64 hexadecimal digits
 */
public record TenantNames(String header, Map<String, String> names) {
  /** Requests that name no tenant. */
  public static final String NOBODY = "";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
  private static final String BEARER = "bearer ";
  private static final String UNNAMED = "key-";
  private static final int HASH_CHARS = 12;

  public TenantNames {
    names = Map.copyOf(names);
  }

  /**
   * Reads {@code name=hash} entries.
   *
   * @throws IllegalArgumentException which names the entry that is wrong
   */
  public static TenantNames of(String header, List<String> entries) {
    Map<String, String> names = new TreeMap<>();
    for (String entry : entries) {
      int equals = entry.indexOf('=');
      String name = entry.substring(0, Math.max(0, equals)).strip();
      String hash = entry.substring(equals + 1).strip().toLowerCase(Locale.ROOT);
      if (!NAME.matcher(name).matches() || !HASH.matcher(hash).matches()) {
        throw new IllegalArgumentException(
            "expertmesh.gateway.tenants: '"
                + entry
                + "' must be name=SHA-256 of the key as 64 hexadecimal digits.");
      }
      names.put(hash, name);
    }
    return new TenantNames(header, names);
  }

  /**
   * The tenant of a request, {@link #NOBODY} if it names none.
   *
   * @param authorization value of the header {@code Authorization}
   * @param named value of {@link #header}
   * @throws ApiException if the header holds no name
   */
  public String tenant(@Nullable String authorization, @Nullable String named) {
    if (named != null && !header.isEmpty()) {
      if (!NAME.matcher(named).matches()) {
        throw ApiException.invalid(
            null,
            "The header '"
                + header
                + "' must be 1 to 63 letters, digits, '.', '_' and '-', beginning with a letter or"
                + " digit.");
      }
      return named;
    }
    if (authorization == null || !authorization.toLowerCase(Locale.ROOT).startsWith(BEARER)) {
      return NOBODY;
    }
    String hash = hash(authorization.substring(BEARER.length()).strip());
    return names.getOrDefault(hash, UNNAMED + hash.substring(0, HASH_CHARS));
  }

  private static String hash(String key) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
