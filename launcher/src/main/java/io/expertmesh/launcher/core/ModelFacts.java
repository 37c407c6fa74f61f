package io.expertmesh.launcher.core;

import java.util.Objects;

/**
 * What the launcher must know of a model before it starts anything.
 *
 * @param directory absolute path of the checkpoint
 * @param modelId name under which it is served
 * @param expertsPerLayer experts of the routed layer that has most; 0 for a model without any
 */
public record ModelFacts(String directory, String modelId, int expertsPerLayer) {
  public ModelFacts {
    Objects.requireNonNull(directory, "directory");
    Objects.requireNonNull(modelId, "modelId");
  }
}
