package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.Arena;

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
   * A matrix, checked against the shape that the reference names. What the checkpoint stores as it
   * is used is not copied; what it packs is decoded into the arena, which may be closed as soon as
   * the matrix has been packed.
   *
   * @param arena owner of a decoded copy
   * @throws CheckpointException if the tensor is missing or does not hold that part
   */
  WeightMatrix matrix(TensorRef ref, Arena arena);

  /** As {@link #matrix(TensorRef, Arena)}; a decoded copy lives as long as it is reachable. */
  default WeightMatrix matrix(TensorRef ref) {
    return matrix(ref, Arena.ofAuto());
  }

  /** Element type that {@link #matrix(TensorRef)} gives for a reference, without decoding. */
  DType dtype(TensorRef ref);

  /**
   * A vector widened to fp32.
   *
   * @throws CheckpointException if the tensor is missing or does not hold that part
   */
  float[] vector(TensorRef ref);

  @Override
  void close();
}
