package io.expertmesh.launcher.core;

/** Marks text with the colour of an expert, for terminals of 256 colours; or not at all. */
public record ExpertColours(boolean on) {
  /** Light backgrounds that stand apart from each other under black letters. */
  private static final int[] PALETTE = {
    117, 215, 120, 211, 227, 183, 87, 209, 155, 147, 222, 79, 203, 219, 191, 111
  };

  private static final String BLACK_ON = "\u001b[38;5;16;48;5;";
  private static final String UNDERLINED = "\u001b[4m";
  private static final String PLAIN = "\u001b[0m";

  /** The text on its expert's colour. From the 17th expert on colours return, underlined. */
  String mark(int expert, String text) {
    if (!on || expert < 0) {
      return text;
    }
    String line = expert / PALETTE.length % 2 == 1 ? UNDERLINED : "";
    return BLACK_ON + PALETTE[expert % PALETTE.length] + "m" + line + text + PLAIN;
  }
}
