package io.expertmesh.launcher.core;

import io.expertmesh.protocol.core.placement.LayerLoads;
import io.expertmesh.protocol.core.placement.LayerPlacement;
import io.expertmesh.protocol.core.placement.MachineBudget;
import io.expertmesh.protocol.core.placement.PlacementPlanner;
import io.expertmesh.protocol.core.placement.ShadowingRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A plan as text. Balance is the machines' mean load over the largest: 1.00 means that all have the
 * same to do.
 *
 * @param loads what was observed
 * @param plans one placement per layer
 * @param shadowed experts of each layer that every machine hosts because copying them pays
 */
public record PlanReport(
    List<LayerLoads> loads, List<LayerPlacement> plans, List<List<Integer>> shadowed) {
  /**
   * Plans every layer.
   *
   * @param rule which experts to copy everywhere; empty for none
   * @throws IllegalArgumentException if there is no load, or the machines have no room
   */
  public static PlanReport of(
      List<LayerLoads> loads, MachineBudget budget, Optional<ShadowingRule> rule) {
    if (loads.stream().mapToLong(LayerLoads::total).sum() == 0) {
      throw new IllegalArgumentException(
          "No expert has had a token yet; send requests first, or give --loads.");
    }
    List<LayerPlacement> plans = new ArrayList<>();
    List<List<Integer>> shadowed = new ArrayList<>();
    for (LayerLoads layer : loads) {
      List<Integer> everywhere = rule.map(r -> r.shadowed(layer)).orElse(List.of());
      shadowed.add(everywhere);
      plans.add(PlacementPlanner.place(layer, budget, everywhere));
    }
    return new PlanReport(List.copyOf(loads), List.copyOf(plans), List.copyOf(shadowed));
  }

  /** A table with one line per layer. */
  public List<String> lines() {
    TextTable table =
        new TextTable(
            List.of(
                "LAYER", "EXPERTS", "TOKENS", "HOTTEST", "EVEN SPLIT", "PLANNED", "REPLICATED"));
    for (int i = 0; i < plans.size(); i++) {
      LayerLoads layer = loads.get(i);
      LayerPlacement plan = plans.get(i);
      table.add(
          List.of(
              Integer.toString(layer.layer()),
              Integer.toString(layer.experts()),
              Long.toString(layer.total()),
              share(layer),
              decimal(evenSplit(layer, plan.machines().size())),
              decimal(plan.balance()),
              replicated(plan, layer.experts(), shadowed.get(i))));
    }
    return table.lines();
  }

  private static String share(LayerLoads layer) {
    long most =
        IntStream.range(0, layer.experts()).mapToLong(e -> layer.tokens()[e]).max().orElse(0);
    return layer.total() == 0
        ? "-"
        : String.format(Locale.ROOT, "%.1f%%", 100.0 * most / layer.total());
  }

  /** Balance of consecutive experts in equal parts. */
  private static double evenSplit(LayerLoads layer, int machines) {
    List<List<Integer>> parts = new ArrayList<>();
    List<Double> expected = new ArrayList<>();
    for (int machine = 0; machine < machines; machine++) {
      int from = (int) ((long) machine * layer.experts() / machines);
      int to = (int) ((machine + 1L) * layer.experts() / machines);
      parts.add(IntStream.range(from, to).boxed().toList());
      expected.add((double) IntStream.range(from, to).mapToLong(e -> layer.tokens()[e]).sum());
    }
    return new LayerPlacement(layer.layer(), parts, expected).balance();
  }

  private static String replicated(LayerPlacement plan, int experts, List<Integer> everywhere) {
    String text =
        IntStream.range(0, experts)
            .filter(expert -> plan.replicas(expert) > 1)
            .mapToObj(
                expert ->
                    everywhere.contains(expert)
                        ? "#" + expert + " everywhere"
                        : "#" + expert + " on " + plan.replicas(expert))
            .collect(Collectors.joining(", "));
    return text.isEmpty() ? "-" : text;
  }

  /**
   * What every machine hosts of a layer, one line each.
   *
   * @throws IllegalArgumentException if the layer was not planned
   */
  public List<String> machines(int layer) {
    LayerPlacement plan =
        plans.stream()
            .filter(p -> p.layer() == layer)
            .findFirst()
            .orElseThrow(
                () -> new IllegalArgumentException("--layer is " + layer + ", which has no loads"));
    TextTable table = new TextTable(List.of("MACHINE", "TOKENS", "EXPERTS OF LAYER " + layer));
    for (int machine = 0; machine < plan.machines().size(); machine++) {
      table.add(
          List.of(
              Integer.toString(machine),
              Long.toString(Math.round(plan.expected().get(machine))),
              plan.machines().get(machine).toString()));
    }
    return table.lines();
  }

  private static String decimal(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
