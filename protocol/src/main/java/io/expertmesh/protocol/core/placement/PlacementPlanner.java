package io.expertmesh.protocol.core.placement;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Replicates the hottest experts, then packs: spare slots go, one by one, to the expert whose
 * replicas have the most to do each; then the heaviest replica goes to the machine with the least
 * to do that has room and does not host the expert yet. Where experts are never changes results.
 *
 * <p>Source: the rule of DeepSeek's expert-parallel load balancer, 2025, with all machines in one
 * group.
 */
public final class PlacementPlanner {
  private PlacementPlanner() {}

  /**
   * Places the experts of one layer.
   *
   * @param everywhere experts that every machine hosts, whatever their load (see {@link
   *     ShadowingRule})
   * @throws IllegalArgumentException if the machines have fewer slots than there are experts
   */
  public static LayerPlacement place(
      LayerLoads loads, MachineBudget budget, List<Integer> everywhere) {
    int[] replicas = replicas(loads, budget, everywhere);
    List<Share> shares = new ArrayList<>();
    for (int expert = 0; expert < replicas.length; expert++) {
      for (int i = 0; i < replicas[expert]; i++) {
        shares.add(new Share(expert, loads.tokens()[expert] / (double) replicas[expert]));
      }
    }
    // experts of many replicas first among equals: they have the least freedom
    shares.sort(
        Comparator.comparingDouble(Share::tokens)
            .thenComparingInt(share -> replicas[share.expert()])
            .reversed()
            .thenComparingInt(Share::expert));
    return pack(loads.layer(), shares, replicas, budget);
  }

  private static int[] replicas(LayerLoads loads, MachineBudget budget, List<Integer> everywhere) {
    int[] replicas = new int[loads.experts()];
    Arrays.fill(replicas, 1);
    everywhere.forEach(expert -> replicas[expert] = budget.machines());
    int spare = budget.total() - Arrays.stream(replicas).sum();
    if (spare < 0) {
      throw new IllegalArgumentException(
          "%d machines have %d slots, layer %d needs at least %d"
              .formatted(budget.machines(), budget.total(), loads.layer(), budget.total() - spare));
    }
    PriorityQueue<Share> hottest =
        new PriorityQueue<>(
            Comparator.comparingDouble(Share::tokens).reversed().thenComparingInt(Share::expert));
    for (int expert = 0; expert < replicas.length; expert++) {
      if (loads.tokens()[expert] > 0 && replicas[expert] < budget.machines()) {
        hottest.add(new Share(expert, loads.tokens()[expert]));
      }
    }
    while (spare > 0 && !hottest.isEmpty()) {
      int expert = hottest.remove().expert();
      replicas[expert]++;
      spare--;
      if (replicas[expert] < budget.machines()) {
        hottest.add(new Share(expert, loads.tokens()[expert] / (double) replicas[expert]));
      }
    }
    return replicas;
  }

  private static LayerPlacement pack(
      int layer, List<Share> shares, int[] replicas, MachineBudget budget) {
    List<List<Integer>> machines = new ArrayList<>();
    double[] expected = new double[budget.machines()];
    for (int machine = 0; machine < budget.machines(); machine++) {
      machines.add(new ArrayList<>());
    }
    double[] placedShare = new double[replicas.length];
    for (Share share : shares) {
      placedShare[share.expert()] = share.tokens();
      int best = -1;
      for (int machine = 0; machine < budget.machines(); machine++) {
        List<Integer> hosted = machines.get(machine);
        boolean open = hosted.size() < budget.slots() && !hosted.contains(share.expert());
        if (open && (best < 0 || expected[machine] < expected[best])) {
          best = machine;
        }
      }
      if (best >= 0) {
        machines.get(best).add(share.expert());
        expected[best] += share.tokens();
      } else {
        // every machine with room hosts the expert already: one replica less takes its tokens
        makeRoom(share.expert(), placedShare, machines, expected);
      }
    }
    machines.forEach(Collections::sort);
    return new LayerPlacement(layer, machines, Arrays.stream(expected).boxed().toList());
  }

  /** Gives the tokens of a replica that found no place to the expert's other replicas. */
  private static void makeRoom(
      int expert, double[] share, List<List<Integer>> machines, double[] expected) {
    long hosts = machines.stream().filter(hosted -> hosted.contains(expert)).count();
    for (int machine = 0; machine < expected.length; machine++) {
      if (machines.get(machine).contains(expert)) {
        expected[machine] += share[expert] / hosts;
      }
    }
  }

  private record Share(int expert, double tokens) {}
}
