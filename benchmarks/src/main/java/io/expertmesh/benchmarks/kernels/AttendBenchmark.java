package io.expertmesh.benchmarks.kernels;

import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.KvLayout;
import io.expertmesh.model.kernel.ScoreRule;
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
 * Attention of one token over its cached context: 16 query heads and 4 key-value heads of 64
 * values, one thread.
 *
 * <pre>
 * benchmarks/run jmh AttendBenchmark
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // prepare() comes before any measurement
public class AttendBenchmark {
  private static final int QUERY_HEADS = 16;
  private static final int HEAD_DIM = 64;
  private static final KvLayout LAYOUT = new KvLayout(4, HEAD_DIM);
  private static final ScoreRule RULE = ScoreRule.scaled(0.125f);

  /** Kernel provider. */
  @Param({"vector", "scalar"})
  public String provider;

  /** Tokens attended to. */
  @Param({"64", "512", "2048"})
  public int context;

  private final float[] queries = RandomFloats.of(QUERY_HEADS * HEAD_DIM);
  private final float[] out = new float[QUERY_HEADS * HEAD_DIM];
  private Kernels kernels;
  private Arena arena;
  private MemorySegment layer;
  private int[] pages;
  private float[] scratch;

  /** Fills the pages, which lie in memory from the last to the first. */
  @Setup
  public void prepare() {
    kernels = KernelProviders.select(provider, DType.F32).kernels();
    arena = Arena.ofShared();
    int count = (context + KvLayout.PAGE_TOKENS - 1) / KvLayout.PAGE_TOKENS;
    layer = arena.allocate(count * LAYOUT.pageBytes(), 64);
    pages = new int[count];
    for (int page = 0; page < count; page++) {
      pages[page] = count - 1 - page;
    }
    float[] values = RandomFloats.of(2 * context * LAYOUT.kvHeads() * HEAD_DIM);
    int token = LAYOUT.kvHeads() * HEAD_DIM;
    for (int t = 0; t < context; t++) {
      int keys = 2 * t * token;
      kernels.storeKv(
          layer,
          LAYOUT,
          pages[t / KvLayout.PAGE_TOKENS],
          t % KvLayout.PAGE_TOKENS,
          values,
          keys,
          values,
          keys + token);
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
    kernels.attend(
        layer, LAYOUT, pages, 0, context, queries, 0, QUERY_HEADS, RULE, out, 0, scratch);
    return out;
  }
}
