package io.expertmesh.autoscaler.core;

import java.util.Objects;

/**
 * How many replicas a shard should have, and why.
 *
 * @param wanted replicas; {@link #UNKNOWN} where nothing is known of the shard yet
 * @param reason one or two sentences with the numbers that led to it
 */
public record Decision(int wanted, String reason) {
  /** Leave the shard as it is. */
  public static final int UNKNOWN = -1;

  public Decision {
    Objects.requireNonNull(reason, "reason");
  }

  /** True if there is a number. */
  public boolean known() {
    return wanted != UNKNOWN;
  }
}
