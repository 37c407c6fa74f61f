package io.expertmesh.model.core;

import java.math.RoundingMode;
import java.util.Objects;

/** How many tokens of one group an expert takes. */
public sealed interface Capacity {
  /** Tokens per expert for a group of {@code tokens} and a layer of {@code experts}. */
  int of(int tokens, int experts);

  /** False if no token is ever dropped for it. */
  default boolean limits() {
    return true;
  }

  /** No limit: nothing is dropped. */
  record Unlimited() implements Capacity {
    @Override
    public int of(int tokens, int experts) {
      return Integer.MAX_VALUE;
    }

    @Override
    public boolean limits() {
      return false;
    }
  }

  /** A number that does not depend on the group ({@code expert_capacity}). */
  record Fixed(int tokens) implements Capacity {
    public Fixed {
      if (tokens < 0) {
        throw new IllegalArgumentException("expert_capacity is " + tokens + ", must be at least 0");
      }
    }

    @Override
    public int of(int groupTokens, int experts) {
      return tokens;
    }
  }

  /** {@code ⌈fraction · tokens⌉} (NLLB-MoE's {@code moe_eval_capacity_token_fraction}). */
  record Fraction(double fraction) implements Capacity {
    public Fraction {
      requireFactor("fraction of tokens", fraction);
    }

    @Override
    public int of(int tokens, int experts) {
      return saturated(Math.ceil(fraction * tokens));
    }

    @Override
    public boolean limits() {
      return fraction < 1;
    }
  }

  /**
   * {@code max(round(factor · tokens / experts), minimum)}. Switch and expert choice: the paper's
   * capacity factor. GShard's paper: twice its factor. Flaxformer: HALF_EVEN, minimum 4. Mesh
   * TensorFlow: DOWN, minimum 4, at most the group before that.
   *
   * @param factor capacity factor
   * @param rounding DOWN, HALF_EVEN or UP (to the next larger whole number)
   * @param minimum at least so many
   */
  record PerExpert(double factor, RoundingMode rounding, int minimum) implements Capacity {
    public PerExpert {
      requireFactor("capacity factor", factor);
      Objects.requireNonNull(rounding, "rounding");
      if (rounding != RoundingMode.DOWN
          && rounding != RoundingMode.HALF_EVEN
          && rounding != RoundingMode.UP) {
        throw new IllegalArgumentException(
            "capacity rounding is " + rounding + ", must be DOWN, HALF_EVEN or UP");
      }
      if (minimum < 0) {
        throw new IllegalArgumentException(
            "minimum capacity is " + minimum + ", must be at least 0");
      }
    }

    @Override
    public int of(int tokens, int experts) {
      double exact = factor * tokens / experts;
      double rounded =
          rounding == RoundingMode.DOWN
              ? Math.floor(exact)
              : rounding == RoundingMode.UP ? Math.ceil(exact) : Math.rint(exact);
      return Math.max(Math.min(saturated(rounded), tokens), minimum);
    }
  }

  private static int saturated(double slots) {
    return (int) Math.min(slots, Integer.MAX_VALUE);
  }

  private static void requireFactor(String name, double factor) {
    if (!(factor >= 0) || Double.isInfinite(factor)) {
      throw new IllegalArgumentException(
          name + " is " + factor + ", must be a number of at least 0");
    }
  }
}
