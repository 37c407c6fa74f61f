package io.expertmesh.gateway.core.text;

import java.util.Arrays;

/**
 * Text of a growing sequence, piece by piece. A decoder may render a token differently after
 * another one (leading spaces, characters split over tokens), so never one token is decoded alone:
 * a short window of tokens whose text is out stays in front of the new ones, and what the decoded
 * window gained is the piece. Text that ends in an incomplete character is held back until it is
 * complete. The window moves on with every piece, so the cost per token does not grow.
 */
public final class IncrementalDetokenizer {
  private static final char REPLACEMENT = '\uFFFD';

  /** Tokens of a prompt that suffice as context of the first piece. */
  private static final int CONTEXT = 6;

  /**
   * A character has four bytes at most; tokens beyond this many that never complete one are
   * garbage.
   */
  private static final int MAX_HELD = 16;

  private final TokenDecoder decoder;
  private int[] window;
  private int size;
  private int shown;
  private String shownText;

  /**
   * A detokenizer behind a prompt.
   *
   * @param before ids in front of the sequence; their text is not part of any piece
   */
  public IncrementalDetokenizer(TokenDecoder decoder, int[] before) {
    this.decoder = decoder;
    int from = Math.max(0, before.length - CONTEXT);
    this.size = before.length - from;
    this.window = Arrays.copyOf(Arrays.copyOfRange(before, from, before.length), size + 16);
    this.shown = size;
    this.shownText = decoder.decode(window, 0, size);
  }

  /** Takes the next token; returns the text that became certain, often "" inside a character. */
  public String push(int id) {
    if (size == window.length) {
      window = Arrays.copyOf(window, size * 2);
    }
    window[size++] = id;
    String text = decoder.decode(window, 0, size);
    boolean incomplete = !text.isEmpty() && text.charAt(text.length() - 1) == REPLACEMENT;
    if (incomplete && size - shown < MAX_HELD) {
      return "";
    }
    return advance(text);
  }

  /** Ends the sequence; returns what was held back, with U+FFFD for an incomplete character. */
  public String finish() {
    return size == shown ? "" : advance(decoder.decode(window, 0, size));
  }

  private String advance(String text) {
    int common = commonPrefix(shownText, text);
    if (common == text.length() && size - shown < MAX_HELD) {
      return "";
    }
    String piece = text.substring(common);
    System.arraycopy(window, shown, window, 0, size - shown);
    size -= shown;
    shown = size;
    shownText = decoder.decode(window, 0, size);
    return piece;
  }

  private static int commonPrefix(String left, String right) {
    int limit = Math.min(left.length(), right.length());
    int i = 0;
    while (i < limit && left.charAt(i) == right.charAt(i)) {
      i++;
    }
    return i;
  }
}
