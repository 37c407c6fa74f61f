package io.expertmesh.protocol.core;

/** How large a message that carries rows may be. Larger batches are split by the sender. */
public final class RowLimits {
  /** Bytes of the row payload of one message. */
  public static final int MAX_PAYLOAD_BYTES = 1 << 20;

  /** Bytes of everything else in a message. */
  public static final int MAX_HEADER_BYTES = 1 << 18;

  private RowLimits() {}

  /**
   * Rows that fit into one message; at least one, so that the widest rows still travel.
   *
   * @param width elements of a row
   * @param elementBytes 4 for fp32, 2 for bf16
   */
  public static int maxRows(int width, int elementBytes) {
    return Math.max(1, MAX_PAYLOAD_BYTES / (width * elementBytes));
  }
}
