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
  private static final int FEWEST_SHARDS = 2;
  private static final int MOST_SHARDS = 4;

  public ModelFacts {
    Objects.requireNonNull(directory, "directory");
    Objects.requireNonNull(modelId, "modelId");
  }

  /**
   * Expert-services of a mesh whose user does not say how many: one per processor, because more
   * would only wait for each other, and take turns while they start; from 2 to 4, and never more
   * than there are experts.
   *
   * @param cores processors that the mesh may use
   */
  public int shards(int cores) {
    return Math.clamp(
        Math.clamp(cores, FEWEST_SHARDS, MOST_SHARDS), 1, Math.max(1, expertsPerLayer));
  }
}
