package io.expertmesh.autoscaler.app;

import io.expertmesh.autoscaler.core.ScalingPolicy;
import io.expertmesh.autoscaler.core.TenantCaps;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Configuration of the autoscaler, below {@code expertmesh.autoscaler}.
 *
 * @param httpHost address on which {@code /v1/scaling} and {@code /metrics} are served
 * @param httpPort port of the same; 0 for any free one
 * @param min least replicas of a shard; 0 lets idle shards have none
 * @param max most replicas of a shard
 * @param target part of its time that a replica should be busy
 * @param drain within which queued work should be done
 * @param tolerance by how much demand may differ before anything changes
 * @param upWindow how long demand must be higher before replicas are added
 * @param downWindow how long demand must be lower before replicas are taken away
 * @param downStep least time between two replicas that are taken away
 * @param idle without tokens, after which a shard with {@code min} 0 has no replica
 * @param stale after which numbers are too old to take replicas away
 * @param shards {@code shard=min..max}: bounds of single shards
 * @param tenantCaps {@code tenant=replicas}: busy replicas that a tenant's traffic may cost
 */
@ConfigurationProperties("expertmesh.autoscaler")
record AutoscalerSettings(
    @DefaultValue("127.0.0.1") String httpHost,
    @DefaultValue("0") int httpPort,
    @DefaultValue("1") int min,
    @DefaultValue("4") int max,
    @DefaultValue("0.7") double target,
    @DefaultValue("1s") Duration drain,
    @DefaultValue("0.1") double tolerance,
    @DefaultValue("0s") Duration upWindow,
    @DefaultValue("60s") Duration downWindow,
    @DefaultValue("10s") Duration downStep,
    @DefaultValue("300s") Duration idle,
    @DefaultValue("5s") Duration stale,
    @DefaultValue List<String> shards,
    @DefaultValue List<String> tenantCaps) {
  private static final String PREFIX = "expertmesh.autoscaler.";

  /** The policy of shards without bounds of their own. */
  ScalingPolicy policy() {
    return named(
        () ->
            new ScalingPolicy(
                min,
                max,
                target,
                drain.toMillis(),
                tolerance,
                upWindow.toMillis(),
                downWindow.toMillis(),
                downStep.toMillis(),
                idle.toMillis(),
                stale.toMillis()));
  }

  /** Policies of shards that have bounds of their own. */
  Map<String, ScalingPolicy> ownPolicies() {
    Map<String, ScalingPolicy> own = new TreeMap<>();
    for (String entry : shards) {
      int equals = entry.lastIndexOf('=');
      int dots = entry.indexOf("..", Math.max(equals, 0));
      try {
        int least = Integer.parseInt(entry.substring(equals + 1, dots).strip());
        int most = Integer.parseInt(entry.substring(dots + 2).strip());
        own.put(entry.substring(0, equals).strip(), named(() -> policy().bounds(least, most)));
      } catch (NumberFormatException | StringIndexOutOfBoundsException e) {
        throw new IllegalArgumentException(
            PREFIX + "shards: '" + entry + "' must be shard=min..max, e.g. experts-0=1..8.", e);
      }
    }
    return own;
  }

  TenantCaps caps() {
    return named(() -> TenantCaps.parse(tenantCaps));
  }

  private static <T> T named(java.util.function.Supplier<T> made) {
    try {
      return made.get();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(PREFIX + e.getMessage(), e);
    }
  }
}
