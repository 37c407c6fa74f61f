package io.expertmesh.expert.transport;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a router serves.
 *
 * @param host name or address
 * @param port 1 to 65535
 */
public record RouterAddress(String host, int port) {
  private static final Pattern ADDRESS = Pattern.compile("(.+):(\\d{1,5})");

  /**
   * Reads a list such as {@code 127.0.0.1:7001,router-1:7001}.
   *
   * @param property where the list comes from, for errors
   * @throws MeshException if an entry is not host:port, or if there is none
   */
  public static List<RouterAddress> parse(String property, String list) {
    List<RouterAddress> addresses = new ArrayList<>();
    for (String entry : list.split(",", -1)) {
      Matcher matcher = ADDRESS.matcher(entry.strip());
      int port = matcher.matches() ? Integer.parseInt(matcher.group(2)) : 0;
      if (port < 1 || port > 65535) {
        throw new MeshException(
            ErrorCode.INVALID_ARGUMENT,
            property
                + " is '"
                + list
                + "', expected routers as host:port, several separated by commas.");
      }
      addresses.add(new RouterAddress(matcher.group(1), port));
    }
    return List.copyOf(addresses);
  }

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
