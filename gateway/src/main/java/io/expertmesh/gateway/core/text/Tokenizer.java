package io.expertmesh.gateway.core.text;

/** Text to token ids and back. Implementations are thread-safe. */
public interface Tokenizer {
  /**
   * The ids of a text.
   *
   * @param addSpecialTokens whether the tokenizer's own beginning and end of sequence are added
   */
  int[] encode(String text, boolean addSpecialTokens);

  /**
   * The decoder of whole sequences.
   *
   * @param skipSpecialTokens whether special tokens are left out of the text
   */
  TokenDecoder decoder(boolean skipSpecialTokens);

  /** What single tokens are called in lists of log-probabilities. */
  TokenNames names();
}
