package io.expertmesh.benchmarks.gating;

import com.sun.management.ThreadMXBean;
import io.expertmesh.model.core.Capacity;
import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.core.GatingSpec.ExpertChoice.Scores;
import io.expertmesh.model.core.SecondChoice;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.PackedMatrix;
import io.expertmesh.model.kernel.WeightMatrix;
import io.expertmesh.router.core.gating.Assignments;
import io.expertmesh.router.core.gating.GatingPolicy;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;

/**
 * The cost of assignment: every policy on the logits of 4096 tokens and 8, 64 and 256 experts, on
 * one thread, in processor time; and of top-8 of 256 beside the computing of the experts it
 * chooses.
 *
 * <pre>benchmarks/run gating [TOKENS [ROUNDS]]</pre>
 */
public final class GatingBenchmark {
  private static final int[] EXPERTS = {8, 64, 256};
  private static final int HIDDEN = 2048;
  private static final int INNER = 768;
  private static final int CHOSEN = 8;
  private static final int WARM_UP = 60;

  private final Kernels kernels = KernelProviders.select("auto", DType.F32).kernels();
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final int tokens;
  private final int rounds;

  private GatingBenchmark(int tokens, int rounds) {
    this.tokens = tokens;
    this.rounds = rounds;
  }

  /** Runs everything and prints two tables. */
  public static void main(String[] args) {
    int tokens = args.length > 0 ? Integer.parseInt(args[0]) : 4096;
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 15;
    new GatingBenchmark(tokens, rounds).run();
  }

  private void run() {
    System.out.printf("%d tokens, kernels %s%n", tokens, kernels.provider());
    System.out.println("policy | experts | us per token | bytes allocated per call");
    for (int experts : EXPERTS) {
      policies(experts)
          .forEach(
              (name, spec) -> {
                float[] table =
                    spec instanceof GatingSpec.HashTable ? table(experts) : new float[0];
                Cost cost = assignment(GatingPolicy.of(spec, experts, table, kernels), experts);
                System.out.printf(
                    "%s | %d | %.3f | %d%n", name, experts, cost.micros() / tokens, cost.bytes());
              });
    }
    besideTheExperts();
  }

  private static Map<String, GatingSpec> policies(int experts) {
    int k = Math.min(CHOSEN, experts / 2);
    Capacity capacity = new Capacity.PerExpert(2, RoundingMode.UP, 4);
    Map<String, GatingSpec> all = new LinkedHashMap<>();
    all.put("SoftmaxTopK k=" + k, GatingSpec.SoftmaxTopK.renormalized(k));
    all.put("TopKSoftmax k=" + k, new GatingSpec.TopKSoftmax(k));
    all.put("GroupLimitedTopK k=" + k, new GatingSpec.GroupLimitedTopK(k, 4, 2, false, 1));
    all.put("SigmoidTopK k=" + k, new GatingSpec.SigmoidTopK(k, 4, 2, true, 2.5f));
    all.put("SparseMixer", new GatingSpec.SparseMixer(0.01f));
    all.put("BaseLayer", new GatingSpec.BaseLayer());
    all.put("HashTable", new GatingSpec.HashTable());
    all.put(
        "MegaBlocksTopK k=" + k,
        new GatingSpec.MegaBlocksTopK(k, OptionalDouble.of(1), new Capacity.Unlimited()));
    all.put("SwitchTop1", new GatingSpec.SwitchTop1(capacity));
    all.put("GShardTop2", new GatingSpec.GShardTop2(capacity, new SecondChoice.All()));
    all.put("NllbTop2", new GatingSpec.NllbTop2(capacity, Optional.empty(), false, true, 0.8f));
    all.put("ExpertChoice", new GatingSpec.ExpertChoice(capacity, Scores.OVER_EXPERTS));
    all.put("TopologyTop2", new GatingSpec.TopologyTop2(1, experts / 4, 1, 0.14));
    return all;
  }

  private float[] table(int experts) {
    float[] table = new float[tokens];
    for (int token = 0; token < tokens; token++) {
      table[token] = token % experts;
    }
    return table;
  }

  private Cost assignment(GatingPolicy policy, int experts) {
    Random random = new Random(7);
    float[] logits = new float[tokens * experts];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) random.nextGaussian();
    }
    int[] ids = new int[tokens];
    Arrays.setAll(ids, i -> i);
    float[] scratch = new float[logits.length];
    Assignments out = new Assignments();
    return measure(
        () -> System.arraycopy(logits, 0, scratch, 0, logits.length),
        () -> {
          out.clear();
          policy.assign(scratch, ids, 0, tokens, out);
        });
  }

  /**
   * Medians of the thread's processor time over the rounds; what {@code prepare} does is not
   * counted.
   */
  private Cost measure(Runnable prepare, Runnable work) {
    double[] micros = new double[rounds];
    long bytes = Long.MAX_VALUE;
    for (int round = -WARM_UP; round < rounds; round++) {
      prepare.run();
      long before = threads.getCurrentThreadAllocatedBytes();
      long start = threads.getCurrentThreadCpuTime();
      work.run();
      double took = (threads.getCurrentThreadCpuTime() - start) / 1000.0;
      if (round >= 0) {
        micros[round] = took;
        bytes = Math.min(bytes, threads.getCurrentThreadAllocatedBytes() - before);
      }
    }
    Arrays.sort(micros);
    return new Cost(micros[rounds / 2], bytes);
  }

  private record Cost(double micros, long bytes) {}

  /** Gate and assignment of top-8 of 256, beside the products of the experts for the same pairs. */
  private void besideTheExperts() {
    int experts = 256;
    int rows = 128;
    ComputePool pool = ComputePools.of(1);
    Random random = new Random(8);
    PackedMatrix gate = matrix(experts, HIDDEN, random);
    PackedMatrix gateUp = matrix(2 * INNER, HIDDEN, random);
    PackedMatrix down = matrix(HIDDEN, INNER, random);
    float[] x = new float[rows * HIDDEN];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    float[] logits = new float[rows * experts];
    GatingPolicy policy =
        GatingPolicy.of(
            GatingSpec.SoftmaxTopK.renormalized(CHOSEN), experts, new float[0], kernels);
    Assignments out = new Assignments();
    Runnable nothing = () -> {};
    Runnable project = () -> kernels.matmul(gate, x, 0, rows, logits, 0, pool);
    double projection = measure(nothing, project).micros() / rows;
    double assignment =
        measure(
                    project,
                    () -> {
                      out.clear();
                      policy.assign(logits, new int[0], 0, rows, out);
                    })
                .micros()
            / rows;
    float[] inner = new float[rows * 2 * INNER];
    float[] y = new float[rows * HIDDEN];
    double expert =
        measure(
                    nothing,
                    () -> {
                      kernels.matmul(gateUp, x, 0, rows, inner, 0, pool);
                      for (int row = 0; row < rows; row++) {
                        kernels.swiGlu(inner, row * 2 * INNER, inner, row * INNER, INNER);
                      }
                      kernels.matmul(down, inner, 0, rows, y, 0, pool);
                    })
                .micros()
            / rows;
    System.out.printf(
        "%nhidden %d, inner %d, fp32, one thread, batches of %d rows: us per token%n",
        HIDDEN, INNER, rows);
    System.out.printf(
        "gate product %.2f, assignment top-%d of %d %.3f, %d experts %.1f: assignment is %.3f %%,"
            + " with the product %.2f %% of the experts%n",
        projection,
        CHOSEN,
        experts,
        assignment,
        CHOSEN,
        CHOSEN * expert,
        100 * assignment / (CHOSEN * expert),
        100 * (assignment + projection) / (CHOSEN * expert));
  }

  private PackedMatrix matrix(int rows, int columns, Random random) {
    MemorySegment data = Arena.ofAuto().allocate((long) rows * columns * Float.BYTES, 64);
    for (long i = 0; i < (long) rows * columns; i++) {
      data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (random.nextFloat() - 0.5f) / 16);
    }
    return kernels.pack(
        new WeightMatrix(DType.F32, rows, columns, false, data), DType.F32, Arena.ofAuto());
  }
}
