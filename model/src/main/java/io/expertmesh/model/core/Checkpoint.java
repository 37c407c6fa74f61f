package io.expertmesh.model.core;

import io.expertmesh.model.kernel.WeightMatrix;

/**
 * A model on disk: its spec and its memory-mapped tensors. Reading a tensor touches only that
 * tensor's pages. Closing it unmaps the files; matrices taken from it must not be used after that.
 */
public interface Checkpoint extends AutoCloseable {
  /** What the model computes. */
  ModelSpec spec();

  /** Short name for people and for the API: the directory's name unless configured. */
  String modelId();

  /**
   * A number that changes when any weight that matters changes: a digest of the config, the tensor
   * headers and samples of every tensor. Equal in all processes that serve the same files.
   */
  long weightsVersion();

  /**
   * A matrix, checked against the shape that the reference names.
   *
   * @throws CheckpointException if the tensor is missing or does not hold that part
   */
  WeightMatrix matrix(TensorRef ref);

  /**
   * A vector widened to fp32, checked against the length that the reference names.
   *
   * @throws CheckpointException if the tensor is missing or has another length
   */
  float[] vector(TensorRef ref);

  @Override
  void close();
}
