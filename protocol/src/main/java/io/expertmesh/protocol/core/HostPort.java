package io.expertmesh.protocol.core;

import java.util.List;
import java.util.Optional;

/**
 * Where a service listens.
 *
 * @param host name or address
 * @param port 1 to 65535
 */
public record HostPort(String host, int port) {
  /** What to write, for messages about something else. */
  public static final String FORM = "must be host:port with a port from 1 to 65535";

  /** Reads {@code host:port}; empty if the text is something else. */
  public static Optional<HostPort> parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0) {
      return Optional.empty();
    }
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      return port > 0 && port < 65_536
          ? Optional.of(new HostPort(text.substring(0, colon), port))
          : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  /**
   * Reads the addresses of a property.
   *
   * @throws MeshException INVALID_ARGUMENT, which names the property and the first wrong entry
   */
  public static List<HostPort> list(String property, List<String> entries) {
    return entries.stream()
        .map(
            entry ->
                parse(entry.strip())
                    .orElseThrow(
                        () ->
                            new MeshException(
                                ErrorCode.INVALID_ARGUMENT,
                                property + " is '" + entry + "', " + FORM + ".")))
        .toList();
  }

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
