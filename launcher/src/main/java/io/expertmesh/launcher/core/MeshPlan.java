package io.expertmesh.launcher.core;

import java.util.List;
import java.util.Objects;

/**
 * The processes of one mesh, in starting order.
 *
 * @param modelId name under which the model is served
 * @param url address of the REST API
 */
public record MeshPlan(String modelId, String url, List<InstancePlan> instances) {
  public MeshPlan {
    Objects.requireNonNull(modelId, "modelId");
    Objects.requireNonNull(url, "url");
    instances = List.copyOf(instances);
  }
}
