package io.expertmesh.tests.simulation;

import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.WeightMatrix;
import io.expertmesh.router.core.Gate;
import io.expertmesh.router.core.Gates;
import io.expertmesh.router.core.RoutedModel;
import io.expertmesh.router.core.gating.SoftmaxTopK;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A model whose numbers give every mistake away. The state of a token is a 64-bit hash of all that
 * came before it; the 16 floats of a row spell it out in half-bytes, so that an expert sees exactly
 * which row it got; expert rows are hashes of layer, expert and state; and the next state is a hash
 * of the bits of the combined row. A row that is lost, doubled, taken from elsewhere, or added in
 * another order changes every later number of its request.
 *
 * @param layers all of them routed
 * @param experts experts per layer
 * @param topK experts per row
 * @param seed of all numbers
 */
record ToyModel(int layers, int experts, int topK, long seed) {
  /** Floats of a row: one per half-byte of a state. */
  static final int WIDTH = 16;

  static final int VOCAB = 32;
  static final int EOS = 3;
  static final long WEIGHTS_VERSION = 0x70f0_70f0L;
  static final String ID = "toy";
  static final Kernels KERNELS = KernelProviders.select("scalar", DType.F32).kernels();
  private static final int GATE_ENTRIES = 3;

  static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  long embed(int token) {
    return mix(seed + 0x9E3779B97F4A7C15L * (token + 1));
  }

  /** What a position leaves for later ones to attend to. */
  long key(int layer, long state) {
    return mix(state + layer + 1);
  }

  /** One more key, in order of positions. */
  static long attend(long sum, long key) {
    return mix(sum * 31 + key);
  }

  /** The state that goes to the experts. */
  static long afterAttention(long state, long sum) {
    return mix(state ^ sum);
  }

  /** Writes a state as a row. */
  static void spell(long state, float[] rows, int offset) {
    for (int i = 0; i < WIDTH; i++) {
      rows[offset + i] = ((state >>> (4 * i)) & 15) - 8;
    }
  }

  /** The state that a row spells. */
  static long read(float[] rows, int offset) {
    long state = 0;
    for (int i = 0; i < WIDTH; i++) {
      state |= ((long) (rows[offset + i] + 8) & 15) << (4 * i);
    }
    return state;
  }

  /** Row of an expert for a state: whole numbers of one byte. */
  void expert(int layer, int expert, long state, float[] rows, int offset) {
    long low = mix(seed ^ mix(state + 1000L * (layer + 1) + expert));
    long high = mix(low + 1);
    for (int i = 0; i < 8; i++) {
      rows[offset + i] = (byte) (low >>> (8 * i));
      rows[offset + 8 + i] = (byte) (high >>> (8 * i));
    }
  }

  /** State after the experts, from the bits of the combined row. */
  static long afterExperts(long state, float[] combined, int offset) {
    long next = state;
    for (int i = 0; i < WIDTH; i++) {
      next = mix(next ^ Float.floatToRawIntBits(combined[offset + i]));
    }
    return next;
  }

  /** Few different values, so that the largest is often there twice. */
  static void logits(long state, float[] logits, int offset) {
    for (int id = 0; id < VOCAB; id++) {
      logits[offset + id] = (mix(state + id) & 15) * 0.5f;
    }
  }

  /** Entry of a gate: sparse quarters, so that logits are exact and often equal. */
  float[] gate(int layer) {
    SplittableRandom random = new SplittableRandom(seed + layer);
    float[] gate = new float[experts * WIDTH];
    for (int expert = 0; expert < experts; expert++) {
      for (int i = 0; i < GATE_ENTRIES; i++) {
        gate[expert * WIDTH + random.nextInt(WIDTH)] = random.nextBoolean() ? 0.25f : -0.25f;
      }
    }
    return gate;
  }

  RoutedModel routed() {
    int[] counts = new int[layers];
    Arrays.fill(counts, experts);
    return new RoutedModel(ID, WEIGHTS_VERSION, WIDTH, DType.F32, counts);
  }

  /** The router's gates. */
  Gates gates() {
    List<Gate> gates = new ArrayList<>();
    Arena arena = Arena.ofAuto();
    for (int layer = 0; layer < layers; layer++) {
      float[] values = gate(layer);
      MemorySegment data = arena.allocate(4L * values.length, 64);
      MemorySegment.copy(values, 0, data, ValueLayout.JAVA_FLOAT, 0, values.length);
      WeightMatrix matrix = new WeightMatrix(DType.F32, experts, WIDTH, false, data);
      gates.add(
          new Gate(
              KERNELS.pack(matrix, DType.F32, arena),
              new SoftmaxTopK(GatingSpec.SoftmaxTopK.renormalized(topK), experts, KERNELS)));
    }
    return new Gates(Collections.unmodifiableList(gates), KERNELS, new CallersPool());
  }
}
