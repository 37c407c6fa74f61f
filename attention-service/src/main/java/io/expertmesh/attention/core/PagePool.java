package io.expertmesh.attention.core;

import java.nio.ByteBuffer;
import java.util.function.IntUnaryOperator;

/**
 * Owner of the key-value pages. A page is free, in use (one or more sequences hold it), or idle: no
 * sequence holds it but its content is indexed and may be reused until memory is needed; the idle
 * page that was let go first is taken first. Not thread-safe.
 */
public final class PagePool {
  private static final int NONE = -1;

  private final int capacity;
  private final int[] references;
  private final int[] free;
  private int freeCount;
  private final int[] older;
  private final int[] newer;
  private int oldest = NONE;
  private int newest = NONE;
  private int idleCount;
  private final PrefixIndex index;
  private final boolean reuse;
  private final IntUnaryOperator regimes;
  private long evictions;

  /** A pool for a model whose keys depend on the tokens up to theirs only. */
  public PagePool(int pages, boolean reuse) {
    this(pages, reuse, promptLength -> 0);
  }

  /**
   * @param pages pages of {@code PAGE_TOKENS} tokens
   * @param reuse whether computed blocks are kept for later requests with the same prefix
   * @param regimes a number per length of a prompt; only prompts of equal numbers share blocks
   */
  public PagePool(int pages, boolean reuse, IntUnaryOperator regimes) {
    if (pages <= 0) {
      throw new IllegalArgumentException("a pool of " + pages + " pages");
    }
    capacity = pages;
    references = new int[pages];
    free = new int[pages];
    older = new int[pages];
    newer = new int[pages];
    for (int page = pages - 1; page >= 0; page--) {
      free[freeCount++] = page;
    }
    index = new PrefixIndex(pages);
    this.reuse = reuse;
    this.regimes = regimes;
  }

  /** An empty table for the pages of a request. */
  PageTable table(GenerationRequest request) {
    byte[] salt = request.cacheSalt();
    int regime = regimes.applyAsInt(request.promptLength());
    return new PageTable(
        this, ByteBuffer.allocate(salt.length + Integer.BYTES).put(salt).putInt(regime).array());
  }

  /** Pages in all. */
  public int capacity() {
    return capacity;
  }

  /** Pages that can be taken now: free ones and idle ones. */
  public int available() {
    return freeCount + idleCount;
  }

  /** Pages held by at least one sequence. */
  public int inUse() {
    return capacity - available();
  }

  /** Idle pages that were given to new content. */
  public long evictions() {
    return evictions;
  }

  boolean reuses() {
    return reuse;
  }

  PrefixIndex index() {
    return index;
  }

  /** Takes a page for new content; the caller has checked {@link #available()}. */
  int take() {
    int page;
    if (freeCount > 0) {
      page = free[--freeCount];
    } else if (idleCount > 0) {
      page = oldest;
      unlink(page);
      index.remove(page);
      evictions++;
    } else {
      throw new IllegalStateException("no page left of " + capacity);
    }
    references[page] = 1;
    return page;
  }

  /** Takes one more reference to a page whose content was found in the index. */
  void retain(int page) {
    if (references[page] == 0) {
      unlink(page);
    }
    references[page]++;
  }

  /** Gives one reference back. */
  void release(int page) {
    if (references[page] <= 0) {
      throw new IllegalStateException("page " + page + " released more often than taken");
    }
    if (--references[page] > 0) {
      return;
    }
    if (index.holds(page)) {
      link(page);
    } else {
      free[freeCount++] = page;
    }
  }

  /** Throws unless every page is in exactly one place and all counts agree. */
  public void checkInvariants() {
    boolean[] seen = new boolean[capacity];
    for (int i = 0; i < freeCount; i++) {
      see(seen, free[i], references[free[i]] == 0 && !index.holds(free[i]), "free");
    }
    int idle = 0;
    for (int page = oldest; page != NONE; page = newer[page]) {
      see(seen, page, references[page] == 0 && index.holds(page), "idle");
      idle++;
    }
    int used = 0;
    for (int page = 0; page < capacity; page++) {
      if (references[page] > 0) {
        see(seen, page, true, "in use");
        used++;
      }
    }
    if (idle != idleCount || freeCount + idle + used != capacity) {
      throw new IllegalStateException(
          "pages: " + freeCount + " free, " + idle + " idle, " + used + " used of " + capacity);
    }
  }

  private static void see(boolean[] seen, int page, boolean consistent, String place) {
    if (seen[page] || !consistent) {
      throw new IllegalStateException("page " + page + " is wrongly among the " + place + " ones");
    }
    seen[page] = true;
  }

  private void link(int page) {
    older[page] = newest;
    newer[page] = NONE;
    if (newest == NONE) {
      oldest = page;
    } else {
      newer[newest] = page;
    }
    newest = page;
    idleCount++;
  }

  private void unlink(int page) {
    int before = older[page];
    int after = newer[page];
    if (before == NONE) {
      oldest = after;
    } else {
      newer[before] = after;
    }
    if (after == NONE) {
      newest = before;
    } else {
      older[after] = before;
    }
    idleCount--;
  }
}
