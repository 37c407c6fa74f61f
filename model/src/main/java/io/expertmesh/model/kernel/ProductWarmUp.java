package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;

/**
 * Has the virtual machine compile products before they are needed. The vector kernels have one
 * method for each size of a tile of rows, and compiling one takes up to a second of a processor;
 * until then it computes far more slowly. A process that has only ever seen single rows meets the
 * others all at once when its load rises. The oneDNN kernels have only the conversion of rows to
 * compile, which without that takes longer than the product.
 */
public final class ProductWarmUp {
  /** Rows whose tiles together are all that there are: single ones of each size, and many. */
  private static final int[] ROWS = {2, 3, 4, 5, 6, 1, 30};

  private static final int OUTPUTS = Lanes.PANEL;

  /**
   * So few that calls reach the compiler's threshold before turns of the loop do: the compiler
   * would otherwise compile the loop first and then the method, which is the same work twice.
   */
  private static final int INPUTS = 48;

  /** Somewhat more than HotSpot's threshold (600 calls); it grows while much is compiled. */
  private static final int CALLS = 1500;

  /** Calls do not count while the compiler is behind; those of the first pass may not have. */
  private static final int PASSES = 2;

  private ProductWarmUp() {}

  /**
   * Computes with small matrices for about a second. The compiler may work for some seconds more on
   * threads of its own. The scalar kernels need no such thing, and nothing is done.
   *
   * @param weights type of the packed weights as the checkpoint has them
   * @param activations type that inputs are rounded to: F32 or BF16
   * @param turn called before every product, some thousand times; may wait
   */
  public static void run(Kernels kernels, DType weights, DType activations, Turn turn)
      throws InterruptedException {
    if (kernels instanceof ScalarKernels) {
      return;
    }
    float[] x = new float[ROWS[ROWS.length - 1] * INPUTS];
    float[] y = new float[ROWS[ROWS.length - 1] * OUTPUTS];
    try (Arena arena = Arena.ofShared();
        ComputePool pool = ComputePools.of(1)) {
      WeightMatrix zeros =
          new WeightMatrix(
              weights,
              OUTPUTS,
              INPUTS,
              false,
              arena.allocate((long) OUTPUTS * INPUTS * weights.bytes()));
      PackedMatrix packed = kernels.pack(zeros, activations, arena);
      for (int pass = 0; pass < PASSES; pass++) {
        for (int rows : ROWS) {
          for (int call = 0; call < CALLS; call++) {
            turn.await();
            kernels.matmul(packed, x, 0, rows, y, 0, pool);
          }
        }
      }
    }
  }

  /** {@link #run} on a thread of its own that keeps no process alive. */
  public static void inBackground(Kernels kernels, DType weights, DType activations, Turn turn) {
    Thread.ofPlatform()
        .daemon()
        .name("warm-up")
        .start(
            () -> {
              try {
                run(kernels, weights, activations, turn);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  /** Says when the next product may be computed. */
  @FunctionalInterface
  public interface Turn {
    /** At once. */
    Turn NOW = () -> {};

    /** Returns when it may. */
    void await() throws InterruptedException;
  }
}
