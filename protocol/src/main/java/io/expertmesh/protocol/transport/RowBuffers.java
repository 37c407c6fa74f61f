package io.expertmesh.protocol.transport;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Float arrays for rows, used again and again: what stays in the cache need not be fetched from
 * memory, nor cleared, nor collected. Whoever received a message may give its array back once
 * nobody reads or writes it any more; an array that is not given back is garbage like any other.
 *
 * <p>Any thread may call. Small arrays are not worth the trouble and are made anew.
 */
public final class RowBuffers {
  private static final int SMALLEST_BITS = 12;
  private static final int LARGEST_BITS = 19;

  /** Floats that are kept of each size, and arrays at most. */
  private static final int KEPT_FLOATS = 1 << 20;

  private static final int KEPT_ARRAYS = 16;

  private final Shelf[] shelves = new Shelf[LARGEST_BITS - SMALLEST_BITS + 1];

  /** No arrays yet. */
  public RowBuffers() {
    for (int i = 0; i < shelves.length; i++) {
      shelves[i] = new Shelf(Math.min(KEPT_ARRAYS, KEPT_FLOATS >> (SMALLEST_BITS + i)));
    }
  }

  /**
   * An array of at least {@code floats} floats, which may hold anything.
   *
   * @param floats at least 0; below 4096 the array has exactly this length
   */
  public float[] take(int floats) {
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(floats - 1);
    if (floats < 1 << SMALLEST_BITS || bits > LARGEST_BITS) {
      return new float[floats];
    }
    float[] kept = shelves[bits - SMALLEST_BITS].poll();
    return kept == null ? new float[1 << bits] : kept;
  }

  /** Gives an array back that {@link #take} made; any other one is ignored. */
  public void give(float[] rows) {
    int bits = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(rows.length);
    if (bits >= SMALLEST_BITS && bits <= LARGEST_BITS && rows.length == 1 << bits) {
      shelves[bits - SMALLEST_BITS].add(rows);
    }
  }

  /** Arrays of one size. The one that was used last is given out first: it is in the cache. */
  private static final class Shelf {
    private final int capacity;
    private final ArrayDeque<float[]> arrays = new ArrayDeque<>();

    Shelf(int capacity) {
      this.capacity = capacity;
    }

    synchronized float @Nullable [] poll() {
      return arrays.pollLast();
    }

    synchronized void add(float[] rows) {
      if (arrays.size() < capacity) {
        arrays.addLast(rows);
      }
    }
  }
}
