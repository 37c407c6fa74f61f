package io.expertmesh.gateway.transport.http;

import java.time.Duration;

/**
 * Bounds of the HTTP side.
 *
 * @param bodyBytes of one request
 * @param drainBytes of a refused body that are read and thrown away so that the client gets to read
 *     the answer
 * @param inFlight requests being worked on
 * @param streamBytes of one stream that wait for a slow reader before it is cut
 * @param requestTimeout from the arrival of a request to its last token
 */
public record HttpLimits(
    int bodyBytes, long drainBytes, int inFlight, long streamBytes, Duration requestTimeout) {
  public HttpLimits {
    if (bodyBytes < 1 || drainBytes < 0 || inFlight < 1 || streamBytes < 1) {
      throw new IllegalArgumentException("expertmesh.gateway.limits.* must be positive");
    }
    if (requestTimeout.toMillis() < 1) {
      throw new IllegalArgumentException("expertmesh.gateway.request-timeout must be positive");
    }
  }
}
