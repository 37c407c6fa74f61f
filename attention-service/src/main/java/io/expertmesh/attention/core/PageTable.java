package io.expertmesh.attention.core;

import io.expertmesh.model.kernel.KvLayout;
import java.util.Arrays;

/**
 * The pages of one sequence, in order of positions: entry i holds positions {@code 16 i .. 16 i +
 * 15}. Not thread-safe.
 */
public final class PageTable {
  private static final int BLOCK = KvLayout.PAGE_TOKENS;

  private final PagePool pool;
  private final byte[] salt;
  private int[] pages = new int[4];
  private int count;
  private int indexedBlocks;
  private long chainHash;
  private long chainParent = PrefixIndex.ROOT;
  private boolean indexing;

  /**
   * @param salt only sequences of equal salt share pages
   */
  public PageTable(PagePool pool, byte[] salt) {
    this.pool = pool;
    this.salt = salt.clone();
    reset();
  }

  /** Pages that hold {@code tokens} positions. */
  public static int pagesFor(int tokens) {
    return (tokens + BLOCK - 1) / BLOCK;
  }

  /** Pages held. */
  public int count() {
    return count;
  }

  /** Block table; valid up to {@link #count()}, until the table next grows. */
  public int[] pages() {
    return pages;
  }

  /**
   * Takes over the pages of the longest indexed prefix. Only for an empty table.
   *
   * @param ids the sequence's ids
   * @param limit positions that may be taken over at most
   * @return positions whose keys and values are there already, a multiple of the page size
   */
  public int reuse(int[] ids, int limit) {
    if (!pool.reuses()) {
      return 0;
    }
    while ((count + 1) * BLOCK <= limit) {
      int from = count * BLOCK;
      long hash = PrefixIndex.chain(chainHash, ids, from, BLOCK);
      var block = pool.index().find(hash, chainParent, salt, ids, from);
      if (block == null) {
        break;
      }
      pool.retain(block.page());
      append(block.page());
      chainHash = hash;
      chainParent = block.id();
      indexedBlocks++;
    }
    return count * BLOCK;
  }

  /** Makes room for {@code tokens} positions; false, and nothing taken, if pages are short. */
  public boolean grow(int tokens) {
    int missing = pagesFor(tokens) - count;
    if (missing > pool.available()) {
      return false;
    }
    for (int i = 0; i < missing; i++) {
      append(pool.take());
    }
    return true;
  }

  /**
   * Offers the blocks that have become full for reuse by others.
   *
   * @param computed positions whose keys and values are complete
   */
  public void computed(int[] ids, int computed) {
    while (indexing && (indexedBlocks + 1) * BLOCK <= computed) {
      int from = indexedBlocks * BLOCK;
      long hash = PrefixIndex.chain(chainHash, ids, from, BLOCK);
      var block = pool.index().find(hash, chainParent, salt, ids, from);
      if (block == null) {
        block = pool.index().add(hash, chainParent, salt, ids, from, BLOCK, pages[indexedBlocks]);
      }
      if (block == null) {
        indexing = false;
        return;
      }
      chainHash = hash;
      chainParent = block.id();
      indexedBlocks++;
    }
  }

  /** Gives all pages back, the last ones first, so that prefixes stay reusable for longest. */
  public void release() {
    for (int i = count - 1; i >= 0; i--) {
      pool.release(pages[i]);
    }
    reset();
  }

  private void reset() {
    count = 0;
    indexedBlocks = 0;
    chainHash = PrefixIndex.seed(salt);
    chainParent = PrefixIndex.ROOT;
    indexing = pool.reuses();
  }

  private void append(int page) {
    if (count == pages.length) {
      pages = Arrays.copyOf(pages, 2 * count);
    }
    pages[count++] = page;
  }
}
