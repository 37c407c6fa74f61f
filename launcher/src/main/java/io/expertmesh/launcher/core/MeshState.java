package io.expertmesh.launcher.core;

import java.util.List;
import java.util.Objects;

/**
 * What {@code run/mesh.json} holds: enough for another process to find, show, change and stop the
 * mesh.
 *
 * @param phase where the mesh is in its life
 * @param message a sentence: why it failed; else empty
 * @param supervisor the process that started the services and restarts them
 * @param startedMillis when, milliseconds since 1970
 * @param modelId name under which the model is served
 * @param model absolute path of the checkpoint
 * @param url address of the REST API
 * @param rollout the last change of the placement
 */
public record MeshState(
    Phase phase,
    String message,
    ProcessRecord supervisor,
    long startedMillis,
    String modelId,
    String model,
    String url,
    Rollout rollout,
    List<InstanceState> instances) {
  public MeshState {
    Objects.requireNonNull(phase, "phase");
    Objects.requireNonNull(message, "message");
    Objects.requireNonNull(supervisor, "supervisor");
    Objects.requireNonNull(modelId, "modelId");
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(url, "url");
    Objects.requireNonNull(rollout, "rollout");
    instances = List.copyOf(instances);
  }
}
