package io.expertmesh.model.kernel;

/**
 * Shape of the key-value pages of one attention layer. A page holds {@value #PAGE_TOKENS} token
 * slots in fp32: first the keys as {@code [kvHeads][headDim][PAGE_TOKENS]} (so that one vector
 * spans the keys of a page), then the values as {@code [kvHeads][PAGE_TOKENS][headDim]}.
 *
 * @param kvHeads key-value heads
 * @param headDim floats per head
 */
public record KvLayout(int kvHeads, int headDim) {
  /** Token slots of a page. */
  public static final int PAGE_TOKENS = 16;

  public KvLayout {
    if (kvHeads <= 0 || headDim <= 0) {
      throw new IllegalArgumentException("KV layout of " + kvHeads + " heads × " + headDim);
    }
  }

  /** Floats of the key half (and of the value half) of a page. */
  public int halfPageFloats() {
    return kvHeads * headDim * PAGE_TOKENS;
  }

  /** Floats of a whole page. */
  public int pageFloats() {
    return 2 * halfPageFloats();
  }

  /** Bytes of a whole page. */
  public long pageBytes() {
    return (long) pageFloats() * Float.BYTES;
  }
}
