package io.expertmesh.router.core.gating;

/**
 * A fixed table names the expert of each token id; the weight is 1. There are no logits.
 *
 * <p>Source: Roller et al., Hash Layers for Large Sparse Models, 2021.
 */
public final class HashTable implements GatingPolicy {
  private final int[] expertOf;

  /**
   * The table of one layer.
   *
   * @param table an index of an expert for each token id
   * @throws IllegalArgumentException if an entry is not one
   */
  public HashTable(int experts, float[] table) {
    expertOf = new int[table.length];
    for (int token = 0; token < table.length; token++) {
      float entry = table[token];
      if (!(entry >= 0 && entry < experts) || entry != (int) entry) {
        throw new IllegalArgumentException(
            "hash table has %s for token %d, must be an expert from 0 to %d"
                .formatted(entry, token, experts - 1));
      }
      expertOf[token] = (int) entry;
    }
  }

  @Override
  public boolean batchInvariant() {
    return true;
  }

  @Override
  public void assign(float[] logits, int[] tokenIds, int from, int to, Assignments out) {
    if (tokenIds.length < to) {
      throw new UndecidableException(
          "token_ids has %d values for %d rows, and hash routing reads them"
              .formatted(tokenIds.length, to));
    }
    for (int row = from; row < to; row++) {
      int token = tokenIds[row];
      if (token < 0 || token >= expertOf.length) {
        throw new UndecidableException(
            "token_ids has %s, the hash table ends before %d"
                .formatted(Integer.toUnsignedString(token), expertOf.length));
      }
      out.add(expertOf[token], 1);
      out.endRow();
    }
  }
}
