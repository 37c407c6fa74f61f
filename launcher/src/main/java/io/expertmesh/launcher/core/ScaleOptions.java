package io.expertmesh.launcher.core;

import java.util.Objects;

/**
 * What the user wants of telemetry and scaling.
 *
 * @param kafka {@link #EMBEDDED}, {@link #OFF}, or {@code host:port,...} of a cluster
 * @param autoscale true to start and drain expert-services as their load asks for
 * @param minReplicas least replicas of a shard while autoscaling
 * @param maxReplicas most replicas of a shard while autoscaling
 * @param spares expert-services that are kept started, for whatever shard needs one, while
 *     autoscaling
 */
public record ScaleOptions(
    String kafka, boolean autoscale, int minReplicas, int maxReplicas, int spares) {
  private static final int MOST_SPARES = 64;

  /** A broker that comes with the mesh. */
  public static final String EMBEDDED = "embedded";

  /** No broker, no load events. */
  public static final String OFF = "none";

  /** Nothing of all this. */
  public static final ScaleOptions NONE = new ScaleOptions(OFF, false, 1, 1, 0);

  public ScaleOptions {
    Objects.requireNonNull(kafka, "kafka");
    if (kafka.isBlank()) {
      throw new LauncherException(
          "--kafka is empty; it must be host:port,... or " + EMBEDDED + " or " + OFF + ".");
    }
    if (autoscale && kafka.equals(OFF)) {
      throw new LauncherException("--autoscale needs load events, but --kafka is " + OFF + ".");
    }
    if (minReplicas < 0 || maxReplicas < Math.max(1, minReplicas)) {
      throw new LauncherException(
          "--min-replicas is "
              + minReplicas
              + " and --max-replicas is "
              + maxReplicas
              + "; the first must be from 0 to the second, the second at least 1.");
    }
    if (spares < 0 || spares > MOST_SPARES) {
      throw new LauncherException(
          "--spares is " + spares + "; it must be from 0 to " + MOST_SPARES + ".");
    }
  }

  /** True if a broker is to be started. */
  public boolean embedded() {
    return kafka.equals(EMBEDDED);
  }
}
