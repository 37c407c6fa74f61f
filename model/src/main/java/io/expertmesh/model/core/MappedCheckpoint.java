package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.MemorySegment;

/** A checkpoint over memory-mapped files. */
final class MappedCheckpoint implements Checkpoint {
  private final ModelSpec spec;
  private final String modelId;
  private final long weightsVersion;
  private final TensorFiles files;

  MappedCheckpoint(ModelSpec spec, String modelId, long weightsVersion, TensorFiles files) {
    this.spec = spec;
    this.modelId = modelId;
    this.weightsVersion = weightsVersion;
    this.files = files;
  }

  @Override
  public ModelSpec spec() {
    return spec;
  }

  @Override
  public String modelId() {
    return modelId;
  }

  @Override
  public long weightsVersion() {
    return weightsVersion;
  }

  @Override
  public WeightMatrix matrix(TensorRef ref) {
    StoredTensor tensor = files.get(ref.tensor());
    TensorEntry entry = tensor.entry();
    int rank = entry.shape().size();
    boolean sliced = ref.slice() >= 0;
    if (rank != (sliced ? 3 : 2)
        || (sliced && ref.slice() >= entry.shape().getFirst())
        || ref.columns() != entry.shape().get(rank - 1)
        || ref.rowFrom() < 0
        || ref.rows() <= 0
        || (long) ref.rowFrom() + ref.rows() > entry.shape().get(rank - 2)) {
      throw outside(tensor, ref);
    }
    DType dtype = tensor.kernelType();
    long rowBytes = (long) ref.columns() * dtype.bytes();
    long firstRow = sliced ? ref.slice() * entry.shape().get(1) + ref.rowFrom() : ref.rowFrom();
    MemorySegment data = tensor.data().asSlice(firstRow * rowBytes, ref.rows() * rowBytes);
    return new WeightMatrix(dtype, ref.rows(), ref.columns(), false, data);
  }

  @Override
  public float[] vector(TensorRef ref) {
    StoredTensor tensor = files.get(ref.tensor());
    if (ref.slice() >= 0
        || ref.rowFrom() != 0
        || ref.columns() != 1
        || !tensor.entry().hasShape(ref.rows())) {
      throw outside(tensor, ref);
    }
    tensor.kernelType();
    return tensor.file().floats(ref.tensor());
  }

  private static CheckpointException outside(StoredTensor tensor, TensorRef ref) {
    return new CheckpointException(
        tensor.path(),
        ref.tensor(),
        "of shape "
            + tensor.entry().shape()
            + " does not hold slice "
            + ref.slice()
            + ", "
            + ref.rows()
            + " rows of "
            + ref.columns()
            + " from row "
            + ref.rowFrom());
  }

  @Override
  public void close() {
    files.close();
  }
}
