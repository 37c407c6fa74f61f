package io.expertmesh.autoscaler.core.replay;

/**
 * What a replay came to.
 *
 * @param replicaSeconds replicas, starting ones included, summed over all seconds
 * @param staticReplicaSeconds the same if every shard had all day what its busiest minute needs
 * @param foresightReplicaSeconds the same if every shard had at every second just what the minute
 *     around it needs, at the same utilisation; nobody who does not know the future can do with
 *     less
 * @param violations part of the work that waited longer than the objective
 * @param utilisation mean part of their time that ready replicas were busy, weighted by replicas
 * @param minutes one row per minute
 */
public record ReplayResult(
    double replicaSeconds,
    double staticReplicaSeconds,
    double foresightReplicaSeconds,
    double violations,
    double utilisation,
    Minute[] minutes) {
  /**
   * Means of a minute, all shards together.
   *
   * @param demand busy replicas needed
   * @param replicas replicas, starting ones included
   * @param foresight replicas that perfect foresight would have
   * @param utilisation part of their time that ready replicas were busy
   * @param hottest demand of the shard that has most
   * @param hottestReplicas its replicas
   */
  public record Minute(
      double demand,
      double replicas,
      double foresight,
      double utilisation,
      double hottest,
      double hottestReplicas) {}

  /** Part of the replica-seconds of static provisioning that is saved. */
  public double saved() {
    return 1 - replicaSeconds / staticReplicaSeconds;
  }
}
