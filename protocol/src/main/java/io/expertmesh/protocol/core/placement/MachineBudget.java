package io.expertmesh.protocol.core.placement;

/**
 * The machines that experts are placed on.
 *
 * @param machines how many, all alike
 * @param slots experts of one layer that a machine has memory for
 */
public record MachineBudget(int machines, int slots) {
  public MachineBudget {
    if (machines < 1 || slots < 1) {
      throw new IllegalArgumentException(
          machines + " machines of " + slots + " slots, must be at least 1 each");
    }
  }

  /** Slots of all machines, for one layer. */
  public int total() {
    return Math.multiplyExact(machines, slots);
  }
}
