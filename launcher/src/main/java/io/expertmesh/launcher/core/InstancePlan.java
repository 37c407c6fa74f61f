package io.expertmesh.launcher.core;

import java.util.List;
import java.util.Objects;

/**
 * One process to run.
 *
 * @param kind what it is
 * @param name unique in the mesh, also the name of its log file, e.g. {@code experts-0-r1}
 * @param shard the shard that an expert-service hosts; empty for the other kinds
 * @param grpcPort loopback port of its gRPC server
 * @param arguments of its main method
 */
public record InstancePlan(
    ServiceKind kind, String name, String shard, int grpcPort, List<String> arguments) {
  public InstancePlan {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(shard, "shard");
    arguments = List.copyOf(arguments);
  }
}
