package io.expertmesh.tests.conformance;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.TensorRef;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.Arena;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * A checkpoint that remembers what was read of it.
 *
 * @param read in the order of reading
 */
record RecordingCheckpoint(Checkpoint whole, Set<TensorRef> read) implements Checkpoint {
  RecordingCheckpoint(Checkpoint whole) {
    this(whole, new LinkedHashSet<>());
  }

  @Override
  public ModelSpec spec() {
    return whole.spec();
  }

  @Override
  public String modelId() {
    return whole.modelId();
  }

  @Override
  public long weightsVersion() {
    return whole.weightsVersion();
  }

  @Override
  public WeightMatrix matrix(TensorRef ref, Arena arena) {
    read.add(ref);
    return whole.matrix(ref, arena);
  }

  @Override
  public DType dtype(TensorRef ref) {
    return whole.dtype(ref);
  }

  @Override
  public float[] vector(TensorRef ref) {
    read.add(ref);
    return whole.vector(ref);
  }

  @Override
  public void close() {
    whole.close();
  }
}
