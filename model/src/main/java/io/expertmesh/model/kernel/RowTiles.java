package io.expertmesh.model.kernel;

/**
 * How the rows of a product are cut into tiles. Chunks of {@link #CHUNK} rows have full tiles; the
 * rest is cut evenly, because a tile of one row costs nearly as much as one of three.
 */
final class RowTiles {
  /** Rows of a full tile: its sums fill the registers. */
  static final int TILE = Lanes.COUNT == 16 ? 6 : 2;

  /**
   * Rows that a block of weights is multiplied with before the next: their inputs stay in cache.
   */
  static final int CHUNK = 96;

  private RowTiles() {}

  /** Tiles of {@code rows} rows. */
  static int count(int rows) {
    return (rows + TILE - 1) / TILE;
  }

  /**
   * First row of tile {@code tile} of {@code rows} rows; of the tile after the last: {@code rows}.
   */
  static int first(int tile, int rows) {
    int full = rows / CHUNK * CHUNK;
    int index = tile - full / TILE;
    if (index <= 0) {
      return tile * TILE;
    }
    int rest = rows - full;
    int tiles = count(rest);
    return full + index * (rest / tiles) + Math.min(index, rest % tiles);
  }
}
