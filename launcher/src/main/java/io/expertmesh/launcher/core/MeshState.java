package io.expertmesh.launcher.core;

import java.util.List;
import java.util.Objects;

/**
 * What {@code run/mesh.json} holds: enough for another process to find, show and stop the mesh.
 *
 * @param phase where the mesh is in its life
 * @param message a sentence: why it failed; else empty
 * @param supervisor the process that started the services and restarts them
 * @param startedMillis when, milliseconds since 1970
 */
public record MeshState(
    Phase phase,
    String message,
    ProcessRecord supervisor,
    long startedMillis,
    String modelId,
    String url,
    List<InstanceState> instances) {
  public MeshState {
    Objects.requireNonNull(phase, "phase");
    Objects.requireNonNull(message, "message");
    Objects.requireNonNull(supervisor, "supervisor");
    Objects.requireNonNull(modelId, "modelId");
    Objects.requireNonNull(url, "url");
    instances = List.copyOf(instances);
  }
}
