package io.expertmesh.model.kernel;

/**
 * Fixed platform threads that share the parts of one computation. The calling thread takes parts
 * too. Which thread runs a part never changes a result.
 */
public interface ComputePool extends AutoCloseable {
  /** Threads that work on a run, the caller included. */
  int threads();

  /**
   * Runs {@code part(0) .. part(parts - 1)}, each once, and returns when all are done. One run at a
   * time per pool. An exception of a part is thrown here, after the others ended.
   */
  void run(int parts, Part part);

  @Override
  void close();

  /** One part of a computation. */
  @FunctionalInterface
  interface Part {
    /** Computes part {@code index}. */
    void run(int index);
  }
}
