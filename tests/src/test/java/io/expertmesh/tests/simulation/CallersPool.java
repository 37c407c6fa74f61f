package io.expertmesh.tests.simulation;

import io.expertmesh.model.kernel.ComputePool;

/** Computes on the caller's thread, which is the only one. */
final class CallersPool implements ComputePool {
  @Override
  public int threads() {
    return 1;
  }

  @Override
  public void run(int parts, Part part) {
    for (int index = 0; index < parts; index++) {
      part.run(index);
    }
  }

  @Override
  public void close() {}
}
