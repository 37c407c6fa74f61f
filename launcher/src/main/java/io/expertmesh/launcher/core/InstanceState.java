package io.expertmesh.launcher.core;

import java.util.Objects;

/**
 * One service of a running mesh, as it is written to the state file.
 *
 * @param process its present process
 * @param restarts how often it was started again after it ended by itself
 */
public record InstanceState(
    String name,
    ServiceKind kind,
    String shard,
    int grpcPort,
    ProcessRecord process,
    int restarts) {
  public InstanceState {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(shard, "shard");
    Objects.requireNonNull(process, "process");
  }
}
