package io.expertmesh.benchmarks.kernels;

import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.KvLayout;
import io.expertmesh.model.kernel.LatentLayout;
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
 * Latent attention of one token over its compressed context: 16 query heads, rank 512 and 64 shared
 * dimensions (DeepSeek-V2-Lite), one thread.
 *
 * <pre>
 * benchmarks/run jmh AttendLatentBenchmark
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // prepare() comes before any measurement
public class AttendLatentBenchmark {
  private static final int QUERY_HEADS = 16;
  private static final LatentLayout LAYOUT = new LatentLayout(512, 64);

  /** Kernel provider. */
  @Param({"vector", "scalar"})
  public String provider;

  /** Tokens attended to. */
  @Param({"64", "512", "2048"})
  public int context;

  private final float[] queries = RandomFloats.of(QUERY_HEADS * LAYOUT.width());
  private final float[] out = new float[QUERY_HEADS * LAYOUT.rank()];
  private Kernels kernels;
  private Arena arena;
  private MemorySegment memory;
  private int[] pages;
  private float[] scratch;

  /** Fills the pages, which lie in memory from the last to the first. */
  @Setup
  public void prepare() {
    kernels = KernelProviders.select(provider, DType.F32).kernels();
    arena = Arena.ofShared();
    int count = (context + KvLayout.PAGE_TOKENS - 1) / KvLayout.PAGE_TOKENS;
    memory = arena.allocate(count * LAYOUT.pageBytes(), 64);
    pages = new int[count];
    for (int page = 0; page < count; page++) {
      pages[page] = count - 1 - page;
    }
    float[] rows = RandomFloats.of(context * LAYOUT.width());
    for (int t = 0; t < context; t++) {
      int page = pages[t / KvLayout.PAGE_TOKENS];
      kernels.storeLatent(memory, LAYOUT, page, t % KvLayout.PAGE_TOKENS, rows, t * LAYOUT.width());
    }
    scratch = new float[4 * (context + 2 * KvLayout.PAGE_TOKENS)];
  }

  /** Gives the pages back. */
  @TearDown
  public void end() {
    arena.close();
  }

  /** One token, all heads. */
  @Benchmark
  public float[] attend() {
    kernels.attendLatent(
        memory, LAYOUT, pages, context, queries, 0, QUERY_HEADS, 0.125f, out, 0, scratch);
    return out;
  }
}
