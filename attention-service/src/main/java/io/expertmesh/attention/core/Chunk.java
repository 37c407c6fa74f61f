package io.expertmesh.attention.core;

/**
 * A run of positions of one sequence in a step.
 *
 * @param sequence whose positions
 * @param first first position
 * @param count positions
 * @param scoreFrom first position whose logits score the prompt token after it
 * @param scoreTo end of those positions; equal to {@code scoreFrom} if there are none
 * @param samples whether the logits of the last position choose the next token
 */
public record Chunk(
    Sequence sequence, int first, int count, int scoreFrom, int scoreTo, boolean samples) {
  static Chunk of(Sequence sequence, int count) {
    int first = sequence.computed();
    int end = first + count;
    int scoreFrom = end;
    int scoreTo = end;
    if (sequence.scoresPrompt()) {
      scoreFrom = Math.min(end, Math.max(first, sequence.scored() - 1));
      scoreTo = Math.max(scoreFrom, Math.min(end, sequence.request().promptLength() - 1));
    }
    boolean samples = sequence.samples() && end == sequence.length();
    return new Chunk(sequence, first, count, scoreFrom, scoreTo, samples);
  }

  /** Position after the last one. */
  public int end() {
    return first + count;
  }

  /** Positions of the prompt in it; all of a prompt or none, where prompts are not taken apart. */
  int promptCount() {
    return Math.max(0, Math.min(end(), sequence.request().promptLength()) - first);
  }

  /** True if the logits of a position are needed. */
  public boolean needsLogits(int position) {
    return (position >= scoreFrom && position < scoreTo) || (samples && position == end() - 1);
  }

  /** Rows whose logits are needed. */
  public int logitRows() {
    return scoreTo - scoreFrom + (samples ? 1 : 0);
  }
}
