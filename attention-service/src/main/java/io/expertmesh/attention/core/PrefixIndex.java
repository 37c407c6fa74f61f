package io.expertmesh.attention.core;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the page that holds the keys and values of a block of {@code PAGE_TOKENS} token ids after a
 * known prefix. Blocks are looked up by a hash chained over salt, parent and ids, and a hit is only
 * a hit if ids, parent and salt are equal themselves: a collision can never hand one request the
 * keys of another.
 */
final class PrefixIndex {
  /** Parent of a sequence's first block. */
  static final long ROOT = 0;

  private final Map<Long, Block> byHash = new HashMap<>();
  private final @Nullable Block[] byPage;
  private long nextId = ROOT + 1;

  PrefixIndex(int pages) {
    byPage = new Block[pages];
  }

  /** Hash that a chain starts with. */
  static long seed(byte[] salt) {
    long hash = mix(salt.length + 0x9E3779B97F4A7C15L);
    for (byte b : salt) {
      hash = mix(hash ^ b);
    }
    return hash;
  }

  /** Hash of {@code count} ids after a prefix whose hash is given. */
  static long chain(long parentHash, int[] ids, int from, int count) {
    long hash = mix(parentHash + 0x9E3779B97F4A7C15L);
    for (int i = from; i < from + count; i++) {
      hash = mix(hash ^ ids[i]) + 0x9E3779B97F4A7C15L;
    }
    return mix(hash);
  }

  /** The block with exactly this content and history, or null. */
  @Nullable Block find(long hash, long parent, byte[] salt, int[] ids, int from) {
    Block block = byHash.get(hash);
    return block != null && block.matches(parent, salt, ids, from) ? block : null;
  }

  /** Adds a block that {@link #find} did not find; null if another block has the same hash. */
  @Nullable Block add(
      long hash, long parent, byte[] salt, int[] ids, int from, int count, int page) {
    if (byHash.containsKey(hash)) {
      return null;
    }
    Block block =
        new Block(nextId++, hash, parent, salt, Arrays.copyOfRange(ids, from, from + count), page);
    byHash.put(hash, block);
    byPage[page] = block;
    return block;
  }

  /** True if a page holds an indexed block. */
  boolean holds(int page) {
    return byPage[page] != null;
  }

  /** Forgets the block of a page that is about to be overwritten. */
  void remove(int page) {
    Block block = byPage[page];
    if (block != null) {
      byHash.remove(block.hash);
      byPage[page] = null;
    }
  }

  int size() {
    return byHash.size();
  }

  /** Finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /**
   * One indexed block.
   *
   * @param id never used twice, so that a child names exactly the history it was computed after
   */
  record Block(long id, long hash, long parent, byte[] salt, int[] ids, int page) {
    boolean matches(long otherParent, byte[] otherSalt, int[] otherIds, int from) {
      return parent == otherParent
          && Arrays.equals(salt, otherSalt)
          && Arrays.equals(ids, 0, ids.length, otherIds, from, from + ids.length);
    }
  }
}
