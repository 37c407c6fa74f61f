package io.expertmesh.benchmarks.kernels;

import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.PackedMatrix;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The kernels that work row by row, on one thread: a row of 1024 values (hidden), 3584 (inner), 512
 * scores, the gate of 8 experts for 32 rows, and top-k for the gate (2 of 8) and for the sampler
 * (50 of 32,000).
 *
 * <pre>
 * benchmarks/run jmh RowKernelsBenchmark
 * benchmarks/run jmh RowKernelsBenchmark.softmax -p provider=vector -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // prepare() comes before any measurement
public class RowKernelsBenchmark {
  private static final int HIDDEN = 1024;
  private static final int INNER = 3584;
  private static final int SCORES = 512;
  private static final int VOCABULARY = 32_000;
  private static final int EXPERTS = 8;
  private static final int ROWS = 32;
  private static final int SAMPLED = 50;

  /** Kernel provider. */
  @Param({"vector", "scalar"})
  public String provider;

  private final float[] row = RandomFloats.of(HIDDEN);
  private final float[] rows = RandomFloats.of(ROWS * HIDDEN);
  private final float[] gateUp = RandomFloats.of(2 * INNER);
  private final float[] scores = RandomFloats.of(SCORES);
  private final float[] logits = RandomFloats.of(VOCABULARY);
  private final float[] out = new float[ROWS * HIDDEN];
  private final int[] indices = new int[SAMPLED];
  private Kernels kernels;
  private Arena arena;
  private ComputePool pool;
  private PackedMatrix gate;

  /** Chooses the kernels and packs a gate. */
  @Setup
  public void prepare() {
    kernels = KernelProviders.select(provider, DType.F32).kernels();
    arena = Arena.ofShared();
    pool = ComputePools.of(1);
    MemorySegment weights = arena.allocate((long) EXPERTS * HIDDEN * Short.BYTES);
    gate =
        kernels.pack(
            new WeightMatrix(DType.BF16, EXPERTS, HIDDEN, false, weights), DType.F32, arena);
  }

  /** Gives everything back. */
  @TearDown
  public void end() {
    pool.close();
    arena.close();
  }

  /** RMSNorm of a row of 1024. */
  @Benchmark
  public float[] rmsNorm() {
    kernels.rmsNorm(row, 0, row, 1e-5f, out, 0, HIDDEN);
    return out;
  }

  /** Gated activation of a row of 2 × 3584. */
  @Benchmark
  public float[] swiGlu() {
    kernels.swiGlu(gateUp, 0, out, 0, INNER);
    return out;
  }

  /** Softmax of 512 scores, their copying included. */
  @Benchmark
  public float[] softmax() {
    System.arraycopy(scores, 0, out, 0, SCORES);
    kernels.softmax(out, 0, SCORES);
    return out;
  }

  /** The 2 best of 8. */
  @Benchmark
  public int[] topKOfGate() {
    kernels.topK(row, 0, EXPERTS, 2, indices, 0);
    return indices;
  }

  /** The 50 best of 32,000. */
  @Benchmark
  public int[] topKOfVocabulary() {
    kernels.topK(logits, 0, VOCABULARY, SAMPLED, indices, 0);
    return indices;
  }

  /** Rounding a row of 1024, its copying included. */
  @Benchmark
  public float[] roundToBf16() {
    System.arraycopy(row, 0, out, 0, HIDDEN);
    kernels.roundToBf16(out, 0, HIDDEN);
    return out;
  }

  /** Logits of a gate of 8 experts for 32 rows of 1024. */
  @Benchmark
  public float[] gate() {
    kernels.matmul(gate, rows, 0, ROWS, out, 0, pool);
    return out;
  }
}
