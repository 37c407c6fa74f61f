package io.expertmesh.protocol.core;

import java.util.Map;
import java.util.Objects;

/**
 * What a process was doing at one moment.
 *
 * @param service kind of service, for example {@code expert-service}
 * @param instance name of this process among its kind
 * @param state where it stands
 * @param detail one plain sentence, or empty
 * @param progress 0..1 of loading and packing
 * @param shard shard it hosts; empty for services without one
 * @param modelId model it serves; empty while unknown
 * @param weightsVersion digest of the weights; 0 while unknown
 * @param numericsClass label of the numerics class; empty while unknown
 * @param tokensTotal tokens since the start
 * @param tokensPerSecond tokens per second over the last seconds
 * @param queueDepth what waits
 * @param inFlight what is being worked on
 * @param p50Millis median latency over the last seconds
 * @param p99Millis 99th percentile of the latency over the last seconds
 * @param uptimeMillis time since the board was made
 * @param counters named counts since the start
 */
public record ServiceSnapshot(
    String service,
    String instance,
    ServiceState state,
    String detail,
    double progress,
    String shard,
    String modelId,
    long weightsVersion,
    String numericsClass,
    long tokensTotal,
    double tokensPerSecond,
    int queueDepth,
    int inFlight,
    double p50Millis,
    double p99Millis,
    long uptimeMillis,
    Map<String, Long> counters) {
  public ServiceSnapshot {
    Objects.requireNonNull(state, "state");
    counters = Map.copyOf(counters);
  }
}
