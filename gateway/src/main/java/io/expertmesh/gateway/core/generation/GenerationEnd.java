package io.expertmesh.gateway.core.generation;

/**
 * How a generation ended.
 *
 * @param reason why
 * @param cachedTokens tokens of the prompt that were found in the prefix cache
 */
public record GenerationEnd(Reason reason, int cachedTokens) {
  /** Why a generation ended, and OpenAI's word for it. */
  public enum Reason {
    /** A stop id, which is the last token, or a stop string. */
    STOP("stop"),
    /** The bound on tokens or the context was reached. */
    LENGTH("length");

    private final String word;

    Reason(String word) {
      this.word = word;
    }

    /** The word of {@code finish_reason}. */
    public String word() {
      return word;
    }
  }
}
