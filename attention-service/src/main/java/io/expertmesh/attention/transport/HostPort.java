package io.expertmesh.attention.transport;

/** Where a service listens. */
public record HostPort(String host, int port) {
  /**
   * Reads {@code host:port}.
   *
   * @throws IllegalArgumentException with a sentence for people
   */
  public static HostPort parse(String text) {
    int colon = text.lastIndexOf(':');
    int port = -1;
    if (colon > 0) {
      try {
        port = Integer.parseInt(text.substring(colon + 1));
      } catch (NumberFormatException e) {
        port = -1;
      }
    }
    if (port <= 0 || port > 65_535) {
      throw new IllegalArgumentException("'" + text + "' is not an address of the form host:port");
    }
    return new HostPort(text.substring(0, colon), port);
  }
}
