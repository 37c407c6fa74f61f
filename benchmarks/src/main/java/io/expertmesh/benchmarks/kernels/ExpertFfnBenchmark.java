package io.expertmesh.benchmarks.kernels;

import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.OneDnn;
import io.expertmesh.model.kernel.OneDnnProduct;
import io.expertmesh.model.kernel.PackedMatrix;
import io.expertmesh.model.kernel.Selection;
import io.expertmesh.model.kernel.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Locale;

/**
 * The matrix products of an expert (hidden 1024, inner 3584, bf16, weights of 16 experts cycled)
 * beside the same products as bare oneDNN calls. Contenders take turns within one run, so that load
 * from outside falls on all of them. Arguments: provider (auto) and threads (0 = cores).
 */
public final class ExpertFfnBenchmark {
  private static final int HIDDEN = 1024;
  private static final int INNER = 3584;
  private static final int EXPERTS = 16;
  private static final int WARM_UP_CALLS = 1500;
  private static final int[] ROWS = {1, 16, 64, 256};

  private ExpertFfnBenchmark() {}

  /** Prints one line per row count: medians in microseconds and the ratio to the best oneDNN. */
  public static void main(String[] args) {
    String provider = args.length > 0 ? args[0] : "auto";
    int threads = args.length > 1 ? Integer.parseInt(args[1]) : 0;
    Selection selection = KernelProviders.select(provider, DType.BF16);
    System.out.println(selection.reason());
    OneDnn library = OneDnn.load();
    try (ComputePool pool = ComputePools.of(threads);
        Arena arena = Arena.ofShared()) {
      System.out.println(
          "oneDNN " + library.version() + " " + library.isa() + ", " + pool.threads() + " threads");
      System.out.println("rows      ours  onednn-f32  onednn-mixed  onednn-bf16  best/ours");
      Kernels kernels = selection.kernels();
      PackedMatrix[] gateUp = pack(kernels, 2 * INNER, HIDDEN, arena);
      PackedMatrix[] down = pack(kernels, HIDDEN, INNER, arena);
      warmUp(kernels, gateUp[0], down[0], pool);
      for (int rows : ROWS) {
        measure(kernels, gateUp, down, rows, library, pool);
      }
    }
  }

  /** Until everything is compiled: vectors are slow by orders of magnitude before that. */
  private static void warmUp(
      Kernels kernels, PackedMatrix gateUp, PackedMatrix down, ComputePool pool) {
    for (int rows : new int[] {1, 3, 6}) {
      float[] x = new float[rows * HIDDEN];
      float[] inner = new float[rows * 2 * INNER];
      for (int call = 0; call < WARM_UP_CALLS; call++) {
        kernels.matmul(gateUp, x, 0, rows, inner, 0, pool);
        kernels.matmul(down, inner, 0, rows, x, 0, pool);
      }
    }
  }

  private static PackedMatrix[] pack(Kernels kernels, int rows, int columns, Arena arena) {
    PackedMatrix[] packed = new PackedMatrix[EXPERTS];
    MemorySegment data = arena.allocate((long) rows * columns * Short.BYTES);
    WeightMatrix weights = new WeightMatrix(DType.BF16, rows, columns, false, data);
    for (int e = 0; e < EXPERTS; e++) {
      packed[e] = kernels.pack(weights, DType.BF16, arena);
    }
    return packed;
  }

  private static void measure(
      Kernels kernels,
      PackedMatrix[] gateUp,
      PackedMatrix[] down,
      int rows,
      OneDnn library,
      ComputePool pool) {
    float[] x = new float[rows * HIDDEN];
    float[] inner = new float[rows * 2 * INNER];
    float[] y = new float[rows * HIDDEN];
    Arrays.fill(x, 0.5f);
    library.useThreads(pool.threads());
    OneDnnProduct.Type[] types = {
      OneDnnProduct.Type.F32, OneDnnProduct.Type.MIXED, OneDnnProduct.Type.BF16
    };
    BareOneDnnFfn[] bare = new BareOneDnnFfn[types.length];
    for (int t = 0; t < types.length; t++) {
      bare[t] = new BareOneDnnFfn(library, types[t], rows, HIDDEN, INNER, EXPERTS);
    }
    int rounds = rows > 16 ? 32 : 160;
    double[][] micros = new double[types.length + 1][rounds];
    for (int round = -rounds; round < rounds; round++) {
      int expert = Math.floorMod(round, EXPERTS);
      for (int t = 0; t <= types.length; t++) {
        long start = System.nanoTime();
        if (t == 0) {
          kernels.matmul(gateUp[expert], x, 0, rows, inner, 0, pool);
          kernels.matmul(down[expert], inner, 0, rows, y, 0, pool);
        } else {
          bare[t - 1].run(expert);
        }
        if (round >= 0) {
          micros[t][round] = (System.nanoTime() - start) / 1e3;
        }
      }
    }
    double[] median = new double[micros.length];
    for (int t = 0; t < micros.length; t++) {
      Arrays.sort(micros[t]);
      median[t] = micros[t][rounds / 2];
    }
    double best = Math.min(median[1], Math.min(median[2], median[3]));
    System.out.printf(
        Locale.ROOT,
        "%4d %9.0f %11.0f %13.0f %12.0f %10.2f%n",
        rows,
        median[0],
        median[1],
        median[2],
        median[3],
        best / median[0]);
    for (BareOneDnnFfn ffn : bare) {
      ffn.close();
    }
  }
}
