package io.expertmesh.model.core;

import java.util.Set;

/**
 * Knows how the checkpoints of one architecture spell their config keys and tensor names. A new
 * architecture is one class of this kind and one line in {@link ModelFamilies}.
 */
interface ModelFamily {
  /** Values of {@code model_type} that this family reads. */
  Set<String> modelTypes();

  /**
   * Describes the model.
   *
   * @throws CheckpointException if the config asks for something that is not supported, contradicts
   *     itself, or does not match the tensors
   */
  ModelSpec describe(ModelConfig config, TensorCatalog tensors);
}
