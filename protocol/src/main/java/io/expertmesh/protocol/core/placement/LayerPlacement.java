package io.expertmesh.protocol.core.placement;

import java.util.List;

/**
 * Which machine hosts which experts of a layer. An expert's tokens are shared evenly by the
 * machines that host it.
 *
 * @param layer index of the layer in the model
 * @param machines experts of each machine, ascending
 * @param expected tokens that each machine will compute, if loads stay as they were observed
 */
public record LayerPlacement(int layer, List<List<Integer>> machines, List<Double> expected) {
  public LayerPlacement {
    machines = machines.stream().map(List::copyOf).toList();
    expected = List.copyOf(expected);
  }

  /**
   * Mean over maximum of the machines' expected tokens: 1 if all have the same to do, 1 / machines
   * if one has everything; 1 without load.
   */
  public double balance() {
    double most = expected.stream().mapToDouble(Double::doubleValue).max().orElse(0);
    double mean = expected.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    return most == 0 ? 1 : mean / most;
  }

  /** Machines that host an expert. */
  public int replicas(int expert) {
    return (int) machines.stream().filter(experts -> experts.contains(expert)).count();
  }
}
