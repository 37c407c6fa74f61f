package io.expertmesh.protocol.app;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.transport.ManagementHttp;
import java.io.IOException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.core.env.Environment;

/**
 * Health and metrics of a process over HTTP, where {@code expertmesh.management.port} is set.
 *
 * @param http null where it is not set
 */
public record Management(@Nullable ManagementHttp http) implements AutoCloseable {
  private static final String PORT = "expertmesh.management.port";

  /**
   * Begins to serve if the environment asks for it.
   *
   * @param ready states in which others may use the process
   * @throws MeshException INVALID_ARGUMENT if the port is none, or is taken
   */
  public static Management of(
      Environment environment, StatusBoard board, Predicate<ServiceState> ready) {
    String text = environment.getProperty(PORT, "").strip();
    if (text.isEmpty()) {
      return new Management(null);
    }
    try {
      int port = Integer.parseInt(text);
      if (port >= 0 && port <= 65_535) {
        String host = environment.getProperty("expertmesh.management.host", "127.0.0.1");
        return new Management(new ManagementHttp(host, port, board, ready));
      }
    } catch (NumberFormatException e) {
      // said below
    } catch (IOException e) {
      throw new MeshException(
          ErrorCode.INVALID_ARGUMENT, PORT + ": port " + text + " is taken.", e);
    }
    throw new MeshException(
        ErrorCode.INVALID_ARGUMENT, PORT + " is '" + text + "', must be from 0 to 65535.");
  }

  @Override
  public void close() {
    ManagementHttp open = http;
    if (open != null) {
      open.close();
    }
  }
}
