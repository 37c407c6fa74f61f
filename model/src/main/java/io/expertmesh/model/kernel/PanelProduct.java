package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * One matrix product, shared by the threads of a pool. First the input rows are interleaved into
 * tiles of a few rows (and rounded), then each part computes all rows for some panels. The sum of
 * an output runs over k from front to back in one chain; blocks of k leave it in memory and take it
 * up again without changing it.
 */
final class PanelProduct {
  /**
   * Up to here every tile reads the panel itself; beyond, a block is widened once for all tiles.
   * Tiles of six rows hide the widening behind their sums, and read half as much from the cache.
   */
  private static final int DIRECT_ROWS = Lanes.COUNT == 16 ? Integer.MAX_VALUE : 18;

  /** Inputs of a block that every tile of a part reads: 32 KiB of bf16 at 64 outputs. */
  private static final int DIRECT_DEPTH = 256;

  /** Inputs that are rounded at once, before they are interleaved. */
  private static final int ROUND_DEPTH = 256;

  /** Inputs of a block: with 64 outputs in fp32, 64 KiB, which stays in the second-level cache. */
  static final int BLOCK_DEPTH = 128;

  /**
   * Rows that a block of weights is multiplied with before the next: their inputs stay in cache.
   */
  private static final int CHUNK_ROWS = 96;

  private static final int PACK_ROWS = 24;
  private static final int TILE = Lanes.COUNT == 16 ? 6 : 2;

  private static final float[] NONE = {};

  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private final ComputePool.Part packPart = this::packTiles;
  private final ComputePool.Part directPart = this::multiplyDirect;
  private final ComputePool.Part blockPart = this::multiplyBlocks;
  private final ComputePool.Part narrowPart = this::multiplyNarrow;

  private @Nullable PanelMatrix matrix;
  private float[] x = NONE;
  private int xOffset;
  private float[] y = NONE;
  private int yOffset;
  private int rows;
  private int chunks;

  /** Input rows in tiles: a tile of r rows from row i starts at i · K, as {@code [K][r]}. */
  private float[] tiles = NONE;

  void run(
      PanelMatrix w, float[] x, int xOffset, int rows, float[] y, int yOffset, ComputePool pool) {
    this.matrix = w;
    this.x = x;
    this.xOffset = xOffset;
    this.rows = rows;
    this.y = y;
    this.yOffset = yOffset;
    if (w.rows() <= Lanes.COUNT && w.activations() == DType.F32) {
      pool.run((rows + NarrowTiles.ROWS - 1) / NarrowTiles.ROWS, narrowPart);
    } else {
      multiplyTiles(w, pool);
    }
    this.matrix = null;
    this.x = NONE;
    this.y = NONE;
  }

  private void multiplyTiles(PanelMatrix w, ComputePool pool) {
    if (tiles.length < rows * w.columns()) {
      tiles = new float[rows * w.columns()];
    }
    if (rows < PACK_ROWS) {
      for (int tile = 0; tile * TILE < rows; tile++) {
        packTiles(tile);
      }
    } else {
      pool.run((rows + TILE - 1) / TILE, packPart);
    }
    chunks = (rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    pool.run(chunks * w.panelCount(), rows <= DIRECT_ROWS ? directPart : blockPart);
  }

  private void multiplyNarrow(int part) {
    PanelMatrix w = matrix();
    int row = part * NarrowTiles.ROWS;
    MemorySegment panel = w.panel(0);
    int depth = w.columns();
    if (w.bf16()) {
      NarrowTiles.bf16(panel, depth, x, xOffset, y, yOffset, w.rows(), row, rows - 1);
    } else {
      NarrowTiles.f32(panel, depth, x, xOffset, y, yOffset, w.rows(), row, rows - 1);
    }
  }

  private PanelMatrix matrix() {
    PanelMatrix w = matrix;
    if (w == null) {
      throw new IllegalStateException("no product is running");
    }
    return w;
  }

  /** Rows of the tile that starts at {@code row}, of {@code left} rows that remain. */
  private static int tileRows(int left) {
    if (left >= TILE) {
      return TILE;
    }
    return left >= 4 ? 4 : left >= 2 ? 2 : 1;
  }

  private void packTiles(int tile) {
    PanelMatrix w = matrix();
    int depth = w.columns();
    int end = Math.min(rows, (tile + 1) * TILE);
    boolean round = w.activations() == DType.BF16;
    for (int row = tile * TILE; row < end; ) {
      int count = tileRows(end - row);
      int from = xOffset + row * depth;
      int to = row * depth;
      for (int r = 0; r < count; r++) {
        interleave(x, from + r * depth, tiles, to + r, count, depth, round);
      }
      row += count;
    }
  }

  private static void interleave(
      float[] x, int from, float[] tiles, int to, int stride, int depth, boolean round) {
    if (!round) {
      spread(x, from, tiles, to, stride, depth);
      return;
    }
    float[] rounded = Workspace.get().sums(ROUND_DEPTH);
    for (int k = 0; k < depth; k += ROUND_DEPTH) {
      int count = Math.min(ROUND_DEPTH, depth - k);
      System.arraycopy(x, from + k, rounded, 0, count);
      VectorRows.roundToBf16(rounded, 0, count);
      spread(rounded, 0, tiles, to + k * stride, stride, count);
    }
  }

  private static void spread(
      float[] values, int from, float[] tiles, int to, int stride, int depth) {
    for (int k = 0; k < depth; k++) {
      tiles[to + k * stride] = values[from + k];
    }
  }

  private void multiplyDirect(int part) {
    PanelMatrix w = matrix();
    int first = part % chunks * CHUNK_ROWS;
    int end = Math.min(rows, first + CHUNK_ROWS);
    float[] sums = Workspace.get().sums((end - first) * Lanes.PANEL);
    Arrays.fill(sums, 0, (end - first) * Lanes.PANEL, 0f);
    MemorySegment weights = w.panel(part / chunks);
    int depth = w.columns();
    int step = Lanes.PANEL * (w.bf16() ? Short.BYTES : Float.BYTES);
    int block = end - first <= TILE ? depth : DIRECT_DEPTH;
    for (int k = 0; k < depth; k += block) {
      int count = Math.min(block, depth - k);
      for (int row = first; row < end; ) {
        int tile = tileRows(end - row);
        int at = row * depth + k * tile;
        int to = (row - first) * Lanes.PANEL;
        if (w.bf16()) {
          bf16Tile(tile, weights, k * step, count, tiles, at, sums, to);
        } else {
          f32Tile(tile, weights, k * step, count, tiles, at, sums, to);
        }
        row += tile;
      }
    }
    store(w, part / chunks, sums, first, end);
  }

  private static void bf16Tile(
      int tile, MemorySegment w, int offset, int depth, float[] x, int at, float[] sums, int to) {
    switch (tile) {
      case 1 -> Bf16Tiles.rows1(w, offset, depth, x, at, sums, to);
      case 2 -> Bf16Tiles.rows2(w, offset, depth, x, at, sums, to);
      case 4 -> Bf16Tiles.rows4(w, offset, depth, x, at, sums, to);
      default -> Bf16Tiles.rows6(w, offset, depth, x, at, sums, to);
    }
  }

  private static void f32Tile(
      int tile, MemorySegment w, int offset, int depth, float[] x, int at, float[] sums, int to) {
    switch (tile) {
      case 1 -> F32Tiles.rows1(w, offset, depth, x, at, sums, to);
      case 2 -> F32Tiles.rows2(w, offset, depth, x, at, sums, to);
      case 4 -> F32Tiles.rows4(w, offset, depth, x, at, sums, to);
      default -> F32Tiles.rows6(w, offset, depth, x, at, sums, to);
    }
  }

  private void multiplyBlocks(int part) {
    PanelMatrix w = matrix();
    Workspace workspace = Workspace.get();
    int depth = w.columns();
    int first = part % chunks * CHUNK_ROWS;
    int end = Math.min(rows, first + CHUNK_ROWS);
    float[] sums = workspace.sums((end - first) * Lanes.PANEL);
    Arrays.fill(sums, 0, (end - first) * Lanes.PANEL, 0f);
    MemorySegment block = workspace.block();
    for (int k = 0; k < depth; k += BLOCK_DEPTH) {
      int count = Math.min(BLOCK_DEPTH, depth - k);
      widen(w.panel(part / chunks), w.bf16(), k, count, block);
      for (int row = first; row < end; ) {
        int tile = tileRows(end - row);
        int at = row * depth + k * tile;
        f32Tile(tile, block, 0, count, tiles, at, sums, (row - first) * Lanes.PANEL);
        row += tile;
      }
    }
    store(w, part / chunks, sums, first, end);
  }

  /** Copies the weights of {@code count} inputs as fp32. */
  private static void widen(MemorySegment w, boolean bf16, int k, int count, MemorySegment block) {
    if (!bf16) {
      long bytes = (long) Lanes.PANEL * Float.BYTES;
      MemorySegment.copy(w, k * bytes, block, 0, count * bytes);
      return;
    }
    int bytes = Lanes.COUNT * Float.BYTES;
    int from = k * 2 * bytes;
    for (int i = 0; i < 2 * count; i++) {
      IntVector pair = IntVector.fromMemorySegment(Lanes.I, w, from + i * bytes, ORDER);
      FloatVector low = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector high = pair.and(Lanes.BF16_BITS).reinterpretAsFloats();
      low.intoMemorySegment(block, 2L * i * bytes, ORDER);
      high.intoMemorySegment(block, (2L * i + 1) * bytes, ORDER);
    }
  }

  private void store(PanelMatrix w, int panel, float[] sums, int firstRow, int end) {
    int first = panel * Lanes.PANEL;
    int count = Math.min(Lanes.PANEL, w.rows() - first);
    for (int row = firstRow; row < end; row++) {
      int at = (row - firstRow) * Lanes.PANEL;
      System.arraycopy(sums, at, y, yOffset + row * w.rows() + first, count);
    }
  }
}
