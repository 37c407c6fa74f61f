package io.expertmesh.gateway.core.text;

/** Token ids to text, as the checkpoint's decoder does it for a whole sequence. */
@FunctionalInterface
public interface TokenDecoder {
  /**
   * The text of a sequence.
   *
   * @param ids the array to read from
   * @param from first index
   * @param to index after the last
   * @return text; bytes that form no character come as U+FFFD
   */
  String decode(int[] ids, int from, int to);
}
