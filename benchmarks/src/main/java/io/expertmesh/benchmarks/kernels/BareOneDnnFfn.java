package io.expertmesh.benchmarks.kernels;

import io.expertmesh.model.kernel.OneDnn;
import io.expertmesh.model.kernel.OneDnnProduct;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The two matrix products of an expert as bare oneDNN calls, without activation or copies. */
final class BareOneDnnFfn implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final OneDnnProduct gateUp;
  private final OneDnnProduct down;
  private final OneDnnProduct.Call gateUpCall;
  private final OneDnnProduct.Call downCall;
  private final MemorySegment[] gateUpWeights;
  private final MemorySegment[] downWeights;
  private final MemorySegment input;
  private final MemorySegment inner;
  private final MemorySegment output;
  private final MemorySegment middle;

  BareOneDnnFfn(
      OneDnn library, OneDnnProduct.Type type, int rows, int hidden, int innerSize, int experts) {
    gateUp = OneDnnProduct.of(library, type, rows, hidden, 2 * innerSize);
    down = OneDnnProduct.of(library, type, rows, innerSize, hidden);
    gateUpCall = gateUp.newCall();
    downCall = down.newCall();
    input = arena.allocate((long) rows * hidden * type.inputBytes(), 64);
    inner = arena.allocate((long) rows * 2 * innerSize * Float.BYTES, 64);
    middle = arena.allocate((long) rows * innerSize * type.inputBytes(), 64);
    output = arena.allocate((long) rows * hidden * Float.BYTES, 64);
    gateUpWeights = new MemorySegment[experts];
    downWeights = new MemorySegment[experts];
    try (Arena scratch = Arena.ofShared()) {
      long bytes = 2L * innerSize * hidden * type.weightBytes();
      MemorySegment plain = scratch.allocate(bytes, 64);
      for (int e = 0; e < experts; e++) {
        gateUpWeights[e] = gateUp.pack(plain, arena);
        downWeights[e] = down.pack(plain.asSlice(0, bytes / 2), arena);
      }
    }
  }

  void run(int expert) {
    gateUpCall.run(input.address(), gateUpWeights[expert].address(), inner.address());
    downCall.run(middle.address(), downWeights[expert].address(), output.address());
  }

  @Override
  public void close() {
    gateUpCall.close();
    downCall.close();
    gateUp.close();
    down.close();
    arena.close();
  }
}
