package io.expertmesh.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RowTilesTest {
  @Test
  void tilesCoverEveryRowOnceAndFollowEachOther() {
    for (int rows = 1; rows <= 3 * RowTiles.CHUNK; rows++) {
      assertThat(RowTiles.first(0, rows)).isZero();
      assertThat(RowTiles.first(RowTiles.count(rows), rows)).as("%d rows", rows).isEqualTo(rows);
      for (int tile = 0; tile < RowTiles.count(rows); tile++) {
        assertThat(size(tile, rows))
            .as("tile %d of %d rows", tile, rows)
            .isBetween(1, RowTiles.TILE);
      }
    }
  }

  @Test
  void noTileCrossesTheEndOfAChunk() {
    int rows = 2 * RowTiles.CHUNK + 5;
    int tilesOfChunk = RowTiles.CHUNK / RowTiles.TILE;
    assertThat(RowTiles.first(tilesOfChunk, rows)).isEqualTo(RowTiles.CHUNK);
    assertThat(RowTiles.first(2 * tilesOfChunk, rows)).isEqualTo(2 * RowTiles.CHUNK);
  }

  @Test
  void theTilesOfLessThanAChunkDifferByOneRowAtMost() {
    for (int rows = 1; rows < RowTiles.CHUNK; rows++) {
      int least = rows / RowTiles.count(rows);
      for (int tile = 0; tile < RowTiles.count(rows); tile++) {
        assertThat(size(tile, rows)).as("%d rows", rows).isBetween(least, least + 1);
      }
    }
  }

  private static int size(int tile, int rows) {
    return RowTiles.first(tile + 1, rows) - RowTiles.first(tile, rows);
  }
}
