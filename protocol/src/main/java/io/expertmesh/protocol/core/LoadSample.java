package io.expertmesh.protocol.core;

import java.util.List;
import java.util.Map;

/**
 * What a process did since it was last asked; {@link LoadEvent} says what each number means.
 *
 * @param tokensIn tokens that arrived, shed ones included
 * @param tokensOut tokens that were worked off
 * @param batches batches that they were worked off in
 * @param busySeconds time spent on them
 * @param queueMeanMillis mean time that calls waited
 * @param queueP99Millis 99th percentile of the same
 * @param inFlightTokens tokens that wait or are worked on
 * @param shed tokens that were refused
 * @param experts tokens by expert, of experts that had any
 * @param parked rows that no replica was there for, by shard
 * @param tenants tokens by tenant
 */
public record LoadSample(
    long tokensIn,
    long tokensOut,
    long batches,
    double busySeconds,
    double queueMeanMillis,
    double queueP99Millis,
    int inFlightTokens,
    long shed,
    List<LoadEvent.ExpertTokens> experts,
    Map<String, Long> parked,
    Map<String, Long> tenants) {
  /** A sample of a service that counts nothing but tokens. */
  public static LoadSample ofTokens(long tokens, double p99Millis, int inFlight) {
    return new LoadSample(
        tokens, tokens, 0, 0, 0, p99Millis, inFlight, 0, List.of(), Map.of(), Map.of());
  }

  /** The same with rows that no replica was there for. */
  public LoadSample withParked(Map<String, Long> rows) {
    return new LoadSample(
        tokensIn,
        tokensOut,
        batches,
        busySeconds,
        queueMeanMillis,
        queueP99Millis,
        inFlightTokens,
        shed,
        experts,
        rows,
        tenants);
  }

  /** The same with the tokens of tenants. */
  public LoadSample withTenants(Map<String, Long> tokens) {
    return new LoadSample(
        tokensIn,
        tokensOut,
        batches,
        busySeconds,
        queueMeanMillis,
        queueP99Millis,
        inFlightTokens,
        shed,
        experts,
        parked,
        tokens);
  }
}
