package io.expertmesh.attention.core;

/**
 * The routed feed-forward blocks of the model, wherever they are computed. Used by one engine
 * thread.
 */
public interface RoutedLayers {
  /**
   * Starts one routed block for a batch of rows and returns at once.
   *
   * @param batch rows of one layer; its arrays are not changed before the call's {@link
   *     RoutedCall#await()} has returned
   */
  RoutedCall submit(RoutedBatch batch);

  /**
   * Most rows of one request that are computed together where a gating policy needs a prompt whole.
   *
   * @param choices most experts that a row can be assigned
   */
  default int wholeRows(int choices) {
    return Integer.MAX_VALUE;
  }
}
