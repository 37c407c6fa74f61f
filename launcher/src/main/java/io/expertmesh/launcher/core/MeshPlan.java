package io.expertmesh.launcher.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/**
 * The processes of one mesh, in starting order.
 *
 * @param modelId name under which the model is served
 * @param model absolute path of the checkpoint
 * @param url address of the REST API
 */
public record MeshPlan(String modelId, String model, String url, List<InstancePlan> instances) {
  public MeshPlan {
    Objects.requireNonNull(modelId, "modelId");
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(url, "url");
    instances = List.copyOf(instances);
  }

  /** Those of one kind. */
  public List<InstancePlan> of(ServiceKind kind) {
    return instances.stream().filter(instance -> instance.kind() == kind).toList();
  }

  /** Names of the shards, each once. */
  public List<String> shards() {
    return of(ServiceKind.EXPERT).stream().map(InstancePlan::shard).distinct().toList();
  }

  /** The same mesh with other processes of one kind, listed where the first of it was. */
  public MeshPlan with(ServiceKind kind, Collection<InstancePlan> others) {
    List<InstancePlan> changed = new ArrayList<>(instances);
    int first = instances.indexOf(of(kind).getFirst());
    changed.removeIf(instance -> instance.kind() == kind);
    changed.addAll(first, others);
    return new MeshPlan(modelId, model, url, changed);
  }
}
