package io.expertmesh.autoscaler.core;

import java.util.Objects;

/**
 * A shard in a snapshot.
 *
 * @param load what it carries
 * @param demand busy replicas that are provided for: {@link ShardLoad#demand} within the caps
 * @param policy how it is scaled
 * @param decision how many replicas it should have
 */
public record ShardView(ShardLoad load, double demand, ScalingPolicy policy, Decision decision) {
  public ShardView {
    Objects.requireNonNull(load, "load");
    Objects.requireNonNull(policy, "policy");
    Objects.requireNonNull(decision, "decision");
  }

  /** True if the shard should have any replica: it has demand, or had some not long ago. */
  public boolean active() {
    return policy.min() > 0
        || load.parked()
        || (load.heard() && (demand > 0 || load.idleMillis() < policy.idleMillis()));
  }
}
