package io.expertmesh.router.core;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Picks a replica: two at random, the one with fewer pairs in flight (Mitzenmacher, The Power of
 * Two Choices in Randomized Load Balancing, 2001).
 */
public final class ReplicaChoice {
  private final RandomGenerator random;

  /** Draws from a generator that belongs to the same thread. */
  public ReplicaChoice(RandomGenerator random) {
    this.random = random;
  }

  /**
   * One of {@code candidates} that is not among {@code tried}; null if there is none.
   *
   * @param tried replicas that already failed this work; few
   */
  @Nullable Replica choose(Replica[] candidates, Replica[] tried) {
    int eligible = 0;
    for (Replica candidate : candidates) {
      if (!contains(tried, candidate)) {
        eligible++;
      }
    }
    if (eligible == 0) {
      return null;
    }
    int first = eligible == 1 ? 0 : random.nextInt(eligible);
    Replica a = nth(candidates, tried, first);
    if (eligible == 1) {
      return a;
    }
    int second = random.nextInt(eligible - 1);
    Replica b = nth(candidates, tried, second < first ? second : second + 1);
    if (a.inFlightPairs() != b.inFlightPairs()) {
      return a.inFlightPairs() < b.inFlightPairs() ? a : b;
    }
    return a.reportedPairs() <= b.reportedPairs() ? a : b;
  }

  private static Replica nth(Replica[] candidates, Replica[] tried, int n) {
    int left = n;
    for (Replica candidate : candidates) {
      if (!contains(tried, candidate) && left-- == 0) {
        return candidate;
      }
    }
    throw new IllegalStateException("fewer than " + (n + 1) + " candidates");
  }

  static boolean contains(Replica[] tried, Replica replica) {
    for (Replica one : tried) {
      if (one == replica) {
        return true;
      }
    }
    return false;
  }
}
