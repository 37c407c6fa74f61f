package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Addresses within the page memory of an attention layer. */
final class KvPages {
  private KvPages() {}

  /** Byte offset of the {@code [headDim][PAGE_TOKENS]} keys of a head. */
  static long keys(KvLayout layout, int page, int kvHead) {
    return page * layout.pageBytes()
        + (long) kvHead * layout.headDim() * KvLayout.PAGE_TOKENS * Float.BYTES;
  }

  /** Byte offset of the {@code [PAGE_TOKENS][headDim]} values of a head. */
  static long values(KvLayout layout, int page, int kvHead) {
    return keys(layout, page, kvHead) + (long) layout.halfPageFloats() * Float.BYTES;
  }

  /** Writes the keys and values of one token. */
  static void store(
      MemorySegment layer,
      KvLayout layout,
      int page,
      int slot,
      float[] keys,
      int kOffset,
      float[] values,
      int vOffset) {
    checkSlot(slot);
    int dim = layout.headDim();
    for (int head = 0; head < layout.kvHeads(); head++) {
      long at = keys(layout, page, head) + (long) slot * Float.BYTES;
      for (int d = 0; d < dim; d++) {
        layer.set(
            ValueLayout.JAVA_FLOAT,
            at + (long) d * KvLayout.PAGE_TOKENS * Float.BYTES,
            keys[kOffset + head * dim + d]);
      }
      MemorySegment.copy(
          values,
          vOffset + head * dim,
          layer,
          ValueLayout.JAVA_FLOAT,
          values(layout, page, head) + (long) slot * dim * Float.BYTES,
          dim);
    }
  }

  /** Byte offset of the {@code [width][PAGE_TOKENS]} compressed rows of a page. */
  static long latent(LatentLayout layout, int page) {
    return page * layout.pageBytes();
  }

  /** Writes the compressed row of one token. */
  static void storeLatent(
      MemorySegment memory, LatentLayout layout, int page, int slot, float[] row, int offset) {
    checkSlot(slot);
    long at = latent(layout, page) + (long) slot * Float.BYTES;
    for (int d = 0; d < layout.width(); d++) {
      memory.set(
          ValueLayout.JAVA_FLOAT,
          at + (long) d * KvLayout.PAGE_TOKENS * Float.BYTES,
          row[offset + d]);
    }
  }

  private static void checkSlot(int slot) {
    if (slot < 0 || slot >= KvLayout.PAGE_TOKENS) {
      throw new IllegalArgumentException("token slot " + slot + " of a page");
    }
  }
}
