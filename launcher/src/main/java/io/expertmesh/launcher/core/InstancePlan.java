package io.expertmesh.launcher.core;

import java.util.ArrayList;
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
  private static final String INSTANCE = "--expertmesh.instance=";
  private static final String REPLICA = "--expertmesh.expert.replica=";
  private static final String PORT = "--expertmesh.grpc.port=";
  private static final String SPLIT = "--expertmesh.expert.split=";
  private static final String EXPERTS = "--expertmesh.expert.experts=";

  public InstancePlan {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(shard, "shard");
    arguments = List.copyOf(arguments);
  }

  /**
   * Another replica of the same shard.
   *
   * @param newName its name
   * @param newPort loopback port of its gRPC server
   */
  public InstancePlan sibling(String newName, int newPort) {
    List<String> changed =
        arguments.stream()
            .map(
                argument ->
                    switch (argument.substring(0, argument.indexOf('=') + 1)) {
                      case INSTANCE -> INSTANCE + newName;
                      case REPLICA -> REPLICA + newName;
                      case PORT -> PORT + newPort;
                      case String _ -> argument;
                    })
            .toList();
    return new InstancePlan(kind, newName, shard, newPort, changed);
  }

  /** True if it hosts the same experts under the same name of the shard. */
  public boolean hostsAs(InstancePlan other) {
    return shard.equals(other.shard) && hosted().equals(other.hosted());
  }

  private List<String> hosted() {
    return arguments.stream()
        .filter(argument -> argument.startsWith(SPLIT) || argument.startsWith(EXPERTS))
        .toList();
  }

  /** The same process with another value of a key. */
  public InstancePlan with(String key, String value) {
    String begin = "--" + key + "=";
    List<String> changed = new ArrayList<>(arguments);
    changed.removeIf(argument -> argument.startsWith(begin));
    changed.add(begin + value);
    return new InstancePlan(kind, name, shard, grpcPort, changed);
  }
}
