package io.expertmesh.model.kernel;

/**
 * Shape of the pages of a latent attention layer. A page holds {@link KvLayout#PAGE_TOKENS} token
 * slots in fp32 as {@code [width][PAGE_TOKENS]}, so that one vector spans the tokens of a page.
 *
 * @param rank floats of a compressed row, from which all heads' keys and values are made
 * @param shared floats of the key part that all heads share, after the compressed row
 */
public record LatentLayout(int rank, int shared) {
  public LatentLayout {
    if (rank <= 0 || shared < 0) {
      throw new IllegalArgumentException("latent layout of " + rank + " + " + shared + " floats");
    }
  }

  /** Floats per token. */
  public int width() {
    return rank + shared;
  }

  /** Bytes of a whole page. */
  public long pageBytes() {
    return (long) width() * KvLayout.PAGE_TOKENS * Float.BYTES;
  }
}
