package io.expertmesh.protocol.core;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What one process did in one interval, as numbers only: no text, no token or request ids, nothing
 * that tells one request from another. Published once a second; {@code
 * /expertmesh/load-event.v1.schema.json} describes the same as JSON.
 *
 * <p>An event is identified by (replica, sequence): whoever reads it twice counts it once. Its
 * times are those of the writer's clock, which may be wrong; the length of the interval is measured
 * on a monotonic one.
 *
 * @param service kind of the process, e.g. {@code expert-service}
 * @param shard shard that it hosts; empty for services without one
 * @param replica name of the process, unique per start
 * @param model model that it serves; empty while unknown
 * @param sequence number of the interval since the process started, from 0
 * @param endMillis when the interval ended, milliseconds since 1970 on the writer's clock
 * @param intervalMillis length of the interval
 * @param leaving true if it takes no new work
 * @param tokensIn tokens that arrived: for an expert-service (row, expert) pairs, shed ones
 *     included
 * @param tokensOut tokens that were worked off
 * @param batches batches that they were worked off in
 * @param busySeconds time spent on them; 0 where it is not measured
 * @param queueMeanMillis mean time that calls waited before they were begun
 * @param queueP99Millis 99th percentile of the same
 * @param inFlightTokens tokens that wait or are worked on at the end of the interval
 * @param shed tokens that were refused because queues were full
 * @param experts tokens by expert; experts without tokens may be left out
 * @param parked rows that no replica was there for, by the name of the shard that last hosted their
 *     expert; {@link #UNKNOWN_SHARD} where none is known
 * @param tenants tokens by tenant; empty where tenants are not known
 */
public record LoadEvent(
    String service,
    String shard,
    String replica,
    String model,
    long sequence,
    long endMillis,
    int intervalMillis,
    boolean leaving,
    long tokensIn,
    long tokensOut,
    long batches,
    double busySeconds,
    double queueMeanMillis,
    double queueP99Millis,
    int inFlightTokens,
    long shed,
    List<ExpertTokens> experts,
    Map<String, Long> parked,
    Map<String, Long> tenants) {
  /** Topic that the events are published to unless another one is configured. */
  public static final String TOPIC = "expertmesh.load.v1";

  /** Version of the JSON form. Readers skip events of other versions. */
  public static final int VERSION = 1;

  /** The service that hosts shards. */
  public static final String EXPERT_SERVICE = "expert-service";

  /** In {@link #parked}: the expert was never hosted by anyone that the router knew. */
  public static final String UNKNOWN_SHARD = "?";

  /**
   * Tokens of one expert.
   *
   * @param layer layer of the model
   * @param expert index of the expert in the layer
   * @param tokens tokens that it computed
   */
  public record ExpertTokens(int layer, int expert, long tokens) {}

  public LoadEvent {
    Objects.requireNonNull(service, "service");
    Objects.requireNonNull(shard, "shard");
    Objects.requireNonNull(replica, "replica");
    Objects.requireNonNull(model, "model");
    experts = List.copyOf(experts);
    parked = Map.copyOf(new TreeMap<>(parked));
    tenants = Map.copyOf(new TreeMap<>(tenants));
  }

  /** What events are keyed by: the shard, or the kind of service where there is none. */
  public String key() {
    return shard.isEmpty() ? service : shard;
  }
}
