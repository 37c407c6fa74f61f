package io.expertmesh.protocol.core.placement;

import java.util.ArrayList;
import java.util.List;

/**
 * Which experts are worth a copy on every machine: walking from the hottest down, one is shadowed
 * as long as sending its weights costs less than what the next hottest saves. The coldest expert
 * never is. Copies compute the same numbers.
 *
 * <p>Source: He et al., FasterMoE, 2022. Training counts computation three times and transfers four
 * times (forward and backward); serving counts them once and twice.
 *
 * @param bytesPerSecond of the network between machines
 * @param flops operations per second of a machine
 * @param hidden floats of a row
 * @param ratio inner width of an expert over {@code hidden}
 * @param computations how often a token is computed
 * @param transfers how often a row is sent
 */
public record ShadowingRule(
    double bytesPerSecond,
    double flops,
    int hidden,
    double ratio,
    int computations,
    int transfers) {
  private static final int BYTES = 4;

  public ShadowingRule {
    if (!(bytesPerSecond > 0) || !(flops > 0) || hidden < 1 || !(ratio > 0)) {
      throw new IllegalArgumentException(
          "bandwidth, speed, hidden size and ratio must be positive");
    }
  }

  /** The rule for serving. */
  public static ShadowingRule serving(
      double bytesPerSecond, double flops, int hidden, double ratio) {
    return new ShadowingRule(bytesPerSecond, flops, hidden, ratio, 1, 2);
  }

  /** The released code's rule, for a training step. */
  public static ShadowingRule training(
      double bytesPerSecond, double flops, int hidden, double ratio) {
    return new ShadowingRule(bytesPerSecond, flops, hidden, ratio, 3, 4);
  }

  /** Experts to copy, hottest first. */
  public List<Integer> shadowed(LayerLoads loads) {
    int[] order = loads.hottestFirst();
    List<Integer> chosen = new ArrayList<>();
    if (order.length == 0) {
      return chosen;
    }
    double best = seconds(loads.tokens()[order[0]]);
    double copying = 0;
    for (int i = 0; i + 1 < order.length; i++) {
      copying += secondsPerCopy();
      double next = seconds(loads.tokens()[order[i + 1]]) + copying;
      if (!(next < best)) {
        break;
      }
      best = next;
      chosen.add(order[i]);
    }
    return chosen;
  }

  /** Time that the tokens of one expert take, when they come from other machines. */
  double seconds(long tokens) {
    double computing = 4.0 * ratio * hidden * hidden / flops;
    double sending = (double) BYTES * hidden / bytesPerSecond;
    return tokens * (computations * computing + transfers * sending);
  }

  /** Time that copying one expert's weights takes. */
  double secondsPerCopy() {
    return 2.0 * ratio * hidden * hidden * BYTES / bytesPerSecond;
  }
}
