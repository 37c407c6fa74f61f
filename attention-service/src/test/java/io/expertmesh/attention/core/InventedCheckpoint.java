package io.expertmesh.attention.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.TensorRef;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;

/**
 * A checkpoint that makes up its tensors: every reference gets random values of its own, always the
 * same. Vectors are spread around one half, so that norms neither vanish nor are all alike.
 */
final class InventedCheckpoint implements Checkpoint {
  private static final ValueLayout.OfFloat FLOATS =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final ModelSpec spec;

  InventedCheckpoint(ModelSpec spec) {
    this.spec = spec;
  }

  @Override
  public ModelSpec spec() {
    return spec;
  }

  @Override
  public String modelId() {
    return spec.family();
  }

  @Override
  public long weightsVersion() {
    return 1;
  }

  @Override
  public DType dtype(TensorRef ref) {
    return DType.F32;
  }

  @Override
  public WeightMatrix matrix(TensorRef ref, Arena arena) {
    Random random = new Random(ref.tensor().hashCode());
    long count = (long) ref.rows() * ref.columns();
    MemorySegment data = arena.allocate(count * Float.BYTES);
    double spread = 1.6 / Math.sqrt(ref.columns());
    for (long i = 0; i < count; i++) {
      data.setAtIndex(FLOATS, i, (float) (random.nextGaussian() * spread));
    }
    return new WeightMatrix(DType.F32, ref.rows(), ref.columns(), false, data);
  }

  @Override
  public float[] vector(TensorRef ref) {
    Random random = new Random(ref.tensor().hashCode());
    float[] values = new float[ref.rows()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.5 + 0.4 * random.nextGaussian());
    }
    return values;
  }

  @Override
  public void close() {}
}
