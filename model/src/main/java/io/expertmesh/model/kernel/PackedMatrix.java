package io.expertmesh.model.kernel;

/**
 * A weight matrix in the layout of one provider, made by {@link Kernels#pack} and only usable with
 * that provider. Holds off-heap memory of the arena it was packed into, and lives as long as that
 * arena.
 */
public interface PackedMatrix {
  /** Output features N. */
  int rows();

  /** Input features K. */
  int columns();

  /** Type that input rows are rounded to before they are multiplied: F32 (none) or BF16. */
  DType activations();

  /** Bytes that one multiplication reads: what memory bandwidth has to carry. */
  long bytes();
}
