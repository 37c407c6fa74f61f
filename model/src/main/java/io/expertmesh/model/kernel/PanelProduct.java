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

  /** Whether it pays: with 16 registers, it costs more than it hides. */
  private static final boolean READ_AHEAD = Lanes.COUNT == 16;

  /** Tiles that share the reading ahead. */
  private static final int AHEAD_TILES = 4;

  /** Inputs that are rounded at once, before they are interleaved. */
  private static final int ROUND_DEPTH = 256;

  /** Inputs of a block: with 64 outputs in fp32, 64 KiB, which stays in the second-level cache. */
  static final int BLOCK_DEPTH = 128;

  private static final int PACK_ROWS = 24;

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
  private int threads;

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
      for (int tile = 0; tile < RowTiles.count(rows); tile++) {
        packTiles(tile);
      }
    } else {
      pool.run(RowTiles.count(rows), packPart);
    }
    threads = pool.threads();
    chunks = (rows + RowTiles.CHUNK - 1) / RowTiles.CHUNK;
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

  private void packTiles(int tile) {
    PanelMatrix w = matrix();
    int depth = w.columns();
    boolean round = w.activations() == DType.BF16;
    int first = RowTiles.first(tile, rows);
    int count = RowTiles.first(tile + 1, rows) - first;
    for (int r = 0; r < count; r++) {
      int from = xOffset + (first + r) * depth;
      interleave(x, from, tiles, first * depth + r, count, depth, round);
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
    int first = part % chunks * RowTiles.CHUNK;
    int end = Math.min(rows, first + RowTiles.CHUNK);
    Workspace workspace = Workspace.get();
    float[] sums = workspace.sums((end - first) * Lanes.PANEL);
    Arrays.fill(sums, 0, (end - first) * Lanes.PANEL, 0f);
    if (w.bf16()) {
      workspace.touched ^= sumBf16(w, part, first, end, sums);
    } else {
      sumF32(w, part, first, end, sums);
    }
    store(w, part / chunks, sums, first, end);
  }

  /**
   * The first tiles read the next block ahead while they multiply this one. A single tile, which
   * reads all of its weights from memory anyway, touches those that it is about to load.
   */
  private int sumBf16(PanelMatrix w, int part, int first, int end, float[] sums) {
    MemorySegment weights = w.panel(part / chunks);
    MemorySegment later = w.panel(Math.min(w.panelCount() - 1, (part + threads) / chunks));
    int depth = w.columns();
    int step = Lanes.PANEL * Short.BYTES;
    int firstTile = first / RowTiles.TILE;
    int tileCount = RowTiles.count(end - first);
    int aheadTiles = Math.min(tileCount, AHEAD_TILES);
    int aheadStep = step / aheadTiles;
    int block = tileCount == 1 ? depth : DIRECT_DEPTH;
    int touched = 0;
    for (int k = 0; k < depth; k += block) {
      int count = Math.min(block, depth - k);
      boolean within = k + 2 * count <= depth;
      MemorySegment ahead = tileCount == 1 || within ? weights : later;
      int aheadOffset = tileCount == 1 || !within ? 0 : (k + count) * step;
      for (int i = 0; i < tileCount; i++) {
        int row = RowTiles.first(firstTile + i, rows);
        int tile = RowTiles.first(firstTile + i + 1, rows) - row;
        int at = row * depth + k * tile;
        int to = (row - first) * Lanes.PANEL;
        if (readsAhead(i, tile)) {
          int from = aheadOffset + Math.min(i, aheadTiles - 1) * count * aheadStep;
          touched ^=
              bf16Tile(tile, weights, k * step, count, tiles, at, sums, to, ahead, from, aheadStep);
        } else {
          plainTile(tile, weights, k * step, count, tiles, at, sums, to);
        }
      }
    }
    return touched;
  }

  /** A single row waits for memory anyway; late tiles find their weights in the cache. */
  private boolean readsAhead(int index, int tile) {
    return READ_AHEAD && rows > 1 && (index < AHEAD_TILES || tile < RowTiles.TILE);
  }

  private void sumF32(PanelMatrix w, int part, int first, int end, float[] sums) {
    MemorySegment weights = w.panel(part / chunks);
    int depth = w.columns();
    int step = Lanes.PANEL * Float.BYTES;
    int block = end - first <= RowTiles.TILE ? depth : DIRECT_DEPTH;
    for (int k = 0; k < depth; k += block) {
      sumBlock(weights, k * step, depth, k, Math.min(block, depth - k), first, end, sums);
    }
  }

  /** Every tile of a chunk against {@code count} inputs from {@code k} of an fp32 panel. */
  private void sumBlock(
      MemorySegment w, int offset, int depth, int k, int count, int first, int end, float[] sums) {
    for (int tile = first / RowTiles.TILE; RowTiles.first(tile, rows) < end; tile++) {
      int row = RowTiles.first(tile, rows);
      int size = RowTiles.first(tile + 1, rows) - row;
      int at = row * depth + k * size;
      f32Tile(size, w, offset, count, tiles, at, sums, (row - first) * Lanes.PANEL);
    }
  }

  private static void plainTile(
      int tile, MemorySegment w, int offset, int depth, float[] x, int at, float[] sums, int to) {
    switch (tile) {
      case 1 -> Bf16Tiles.plain1(w, offset, depth, x, at, sums, to);
      case 2 -> Bf16Tiles.plain2(w, offset, depth, x, at, sums, to);
      default -> Bf16Tiles.plain6(w, offset, depth, x, at, sums, to);
    }
  }

  private static int bf16Tile(
      int tile,
      MemorySegment w,
      int offset,
      int depth,
      float[] x,
      int at,
      float[] sums,
      int to,
      MemorySegment ahead,
      int from,
      int step) {
    return switch (tile) {
      case 1 -> Bf16Tiles.rows1(w, offset, depth, x, at, sums, to, ahead, from, step);
      case 2 -> Bf16Tiles.rows2(w, offset, depth, x, at, sums, to, ahead, from, step);
      case 3 -> Bf16Tiles.rows3(w, offset, depth, x, at, sums, to, ahead, from, step);
      case 4 -> Bf16Tiles.rows4(w, offset, depth, x, at, sums, to, ahead, from, step);
      case 5 -> Bf16Tiles.rows5(w, offset, depth, x, at, sums, to, ahead, from, step);
      default -> Bf16Tiles.rows6(w, offset, depth, x, at, sums, to, ahead, from, step);
    };
  }

  private static void f32Tile(
      int tile, MemorySegment w, int offset, int depth, float[] x, int at, float[] sums, int to) {
    switch (tile) {
      case 1 -> F32Tiles.rows1(w, offset, depth, x, at, sums, to);
      case 2 -> F32Tiles.rows2(w, offset, depth, x, at, sums, to);
      case 3 -> F32Tiles.rows3(w, offset, depth, x, at, sums, to);
      case 4 -> F32Tiles.rows4(w, offset, depth, x, at, sums, to);
      case 5 -> F32Tiles.rows5(w, offset, depth, x, at, sums, to);
      default -> F32Tiles.rows6(w, offset, depth, x, at, sums, to);
    }
  }

  private void multiplyBlocks(int part) {
    PanelMatrix w = matrix();
    Workspace workspace = Workspace.get();
    int depth = w.columns();
    int first = part % chunks * RowTiles.CHUNK;
    int end = Math.min(rows, first + RowTiles.CHUNK);
    float[] sums = workspace.sums((end - first) * Lanes.PANEL);
    Arrays.fill(sums, 0, (end - first) * Lanes.PANEL, 0f);
    MemorySegment block = workspace.block();
    for (int k = 0; k < depth; k += BLOCK_DEPTH) {
      int count = Math.min(BLOCK_DEPTH, depth - k);
      widen(w.panel(part / chunks), w.bf16(), k, count, block);
      sumBlock(block, 0, depth, k, count, first, end, sums);
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
