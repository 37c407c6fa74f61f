package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.Arena;

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
  public WeightMatrix matrix(TensorRef ref, Arena arena) {
    StoredTensor tensor = files.get(ref.tensor());
    return switch (ref.encoding()) {
      case TensorEncoding.Plain _ -> PlainTensors.matrix(tensor, ref, arena);
      case TensorEncoding.Fp8Blocks blocks ->
          Fp8Blocks.decode(tensor, files.get(blocks.scales()), blocks, ref, arena);
      case TensorEncoding.Mxfp4(String scales) ->
          Mxfp4Blocks.decode(tensor, files.get(scales), ref, arena);
    };
  }

  @Override
  public DType dtype(TensorRef ref) {
    return switch (ref.encoding()) {
      case TensorEncoding.Plain _ -> files.get(ref.tensor()).kernelType();
      case TensorEncoding.Fp8Blocks _ -> DType.F32;
      case TensorEncoding.Mxfp4 _ -> DType.BF16;
    };
  }

  @Override
  public float[] vector(TensorRef ref) {
    return PlainTensors.vector(files.get(ref.tensor()), ref);
  }

  @Override
  public void close() {
    files.close();
  }
}
