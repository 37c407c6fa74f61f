package io.expertmesh.attention.core;

import io.expertmesh.model.core.RopeFrequencies;
import io.expertmesh.model.core.RopeScaling;
import io.expertmesh.model.core.RopeSpec;

/**
 * Cosines and sines of a rotary embedding for every position, frequencies and angles in fp32 as the
 * reference computes them (Su et al. 2021).
 *
 * <p>Two scalings depend on the length of the sequence. The reference takes the length at the time
 * of the call and leaves cached keys as they are. Here the length that decides for a token is that
 * of the prompt for all tokens of the prompt, and its own position + 1 for a generated one: what
 * the reference does when it is given the prompt at once and then token by token. So the bits do
 * not depend on how a prompt is cut, on preemption, or on who resumes a request. Prompts of
 * different {@link #regime} share no pages.
 */
sealed interface RopeTable {
  /** Angles per position. */
  int half();

  /**
   * Writes {@link #half()} cosines and sines.
   *
   * @param position of the token
   * @param promptLength tokens of its request's prompt
   */
  void angles(int position, int promptLength, float[] cos, float[] sin, int offset);

  /** Equal for prompts whose common prefix is rotated alike. */
  int regime(int promptLength);

  /**
   * Makes a table.
   *
   * @param positions most positions of a sequence
   */
  static RopeTable of(RopeSpec spec, int positions) {
    return switch (spec.scaling()) {
      case RopeScaling.None _, RopeScaling.Linear _, RopeScaling.Yarn _, RopeScaling.Llama3 _ ->
          new Fixed(Angles.of(spec, 1, positions));
      case RopeScaling.LongRope scaling -> {
        int original = scaling.original();
        yield new Switching(
            original,
            Angles.of(spec, original, Math.min(original, positions)),
            Angles.of(spec, original + 1, positions > original ? positions : 0));
      }
      case RopeScaling.DynamicNtk scaling -> new Growing(spec, scaling.original(), positions);
    };
  }

  /** Length that decides for a token. */
  private static int length(int position, int promptLength) {
    return position < promptLength ? promptLength : position + 1;
  }

  /** Angles that depend on the position only. */
  record Fixed(Angles angles) implements RopeTable {
    @Override
    public int half() {
      return angles.half();
    }

    @Override
    public void angles(int position, int promptLength, float[] cos, float[] sin, int offset) {
      angles.copy(position, cos, sin, offset);
    }

    @Override
    public int regime(int promptLength) {
      return 0;
    }
  }

  /** One set of angles up to a length and another one beyond it. */
  record Switching(int original, Angles within, Angles beyond) implements RopeTable {
    @Override
    public int half() {
      return within.half();
    }

    @Override
    public void angles(int position, int promptLength, float[] cos, float[] sin, int offset) {
      Angles angles = length(position, promptLength) > original ? beyond : within;
      angles.copy(position, cos, sin, offset);
    }

    @Override
    public int regime(int promptLength) {
      return promptLength > original ? original : 0;
    }
  }

  /** Angles of their own for every length beyond the original one. */
  final class Growing implements RopeTable {
    private final RopeSpec spec;
    private final int original;
    private final Angles decoded;
    private int knownLength;
    private float[] known = {};

    /** Positions are laid out as if generated one by one; prompts beyond are worked out. */
    Growing(RopeSpec spec, int original, int positions) {
      this.spec = spec;
      this.original = original;
      decoded = Angles.of(spec, original, positions);
      for (int position = original; position < positions; position++) {
        float[] frequencies = Angles.frequencies(RopeFrequencies.of(spec, position + 1));
        decoded.fill(position, frequencies, 1);
      }
    }

    @Override
    public int half() {
      return decoded.half();
    }

    @Override
    public void angles(int position, int promptLength, float[] cos, float[] sin, int offset) {
      if (position >= promptLength || promptLength <= original) {
        decoded.copy(position, cos, sin, offset);
        return;
      }
      if (knownLength != promptLength) {
        known = Angles.frequencies(RopeFrequencies.of(spec, promptLength));
        knownLength = promptLength;
      }
      Angles.turn(position, known, 1, cos, sin, offset);
    }

    @Override
    public int regime(int promptLength) {
      return promptLength > original ? promptLength : 0;
    }
  }

  /**
   * Angles by position.
   *
   * @param half angles per position
   * @param cos {@code positions × half}
   * @param sin {@code positions × half}
   */
  record Angles(int half, float[] cos, float[] sin) {
    static Angles of(RopeSpec spec, int length, int positions) {
      RopeFrequencies frequencies = RopeFrequencies.of(spec, length);
      int half = frequencies.count();
      Angles angles = new Angles(half, new float[positions * half], new float[positions * half]);
      float[] values = frequencies(frequencies);
      for (int position = 0; position < positions; position++) {
        angles.fill(position, values, (float) frequencies.magnitude());
      }
      return angles;
    }

    static float[] frequencies(RopeFrequencies frequencies) {
      float[] values = new float[frequencies.count()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) frequencies.inverse(i);
      }
      return values;
    }

    void fill(int position, float[] frequencies, float magnitude) {
      turn(position, frequencies, magnitude, cos, sin, position * half);
    }

    void copy(int position, float[] cosines, float[] sines, int offset) {
      System.arraycopy(cos, position * half, cosines, offset, half);
      System.arraycopy(sin, position * half, sines, offset, half);
    }

    static void turn(
        int position, float[] frequencies, float magnitude, float[] cos, float[] sin, int at) {
      for (int i = 0; i < frequencies.length; i++) {
        float angle = position * frequencies[i];
        // StrictMath: the same bits on every machine
        cos[at + i] = (float) StrictMath.cos(angle) * magnitude;
        sin[at + i] = (float) StrictMath.sin(angle) * magnitude;
      }
    }
  }
}
