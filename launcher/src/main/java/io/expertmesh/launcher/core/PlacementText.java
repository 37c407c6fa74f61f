package io.expertmesh.launcher.core;

import io.expertmesh.protocol.core.placement.LayerPlacement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Placements as the YAML that {@code ./mesh apply} and {@code ./mesh render} read: one shard per
 * machine, with one replica, hosting what the machine hosts of every layer.
 */
public final class PlacementText {
  private PlacementText() {}

  /**
   * The lines of the file.
   *
   * @param plans one placement per layer, all for the same machines
   */
  public static List<String> lines(List<LayerPlacement> plans) {
    List<String> lines = new ArrayList<>(List.of("shards:"));
    int machines = plans.isEmpty() ? 0 : plans.getFirst().machines().size();
    for (int machine = 0; machine < machines; machine++) {
      String experts = experts(plans, machine);
      if (!experts.isEmpty()) {
        lines.add(
            "  - {name: machine-%d, experts: \"%s\", min: 1, max: 1}".formatted(machine, experts));
      }
    }
    return lines;
  }

  /** What a machine hosts, as {@code expertmesh.expert.experts} is written. */
  private static String experts(List<LayerPlacement> plans, int machine) {
    Map<String, List<Integer>> layersByExperts = new TreeMap<>();
    for (LayerPlacement plan : plans) {
      List<Integer> hosted = plan.machines().get(machine);
      if (!hosted.isEmpty()) {
        layersByExperts.computeIfAbsent(numbers(hosted), _ -> new ArrayList<>()).add(plan.layer());
      }
    }
    return layersByExperts.entrySet().stream()
        .sorted(Map.Entry.comparingByValue((a, b) -> a.getFirst() - b.getFirst()))
        .map(entry -> numbers(entry.getValue()) + ":" + entry.getKey())
        .collect(Collectors.joining(";"));
  }

  /** Ascending numbers with runs as ranges: {@code 0-3,5}. */
  private static String numbers(Collection<Integer> ascending) {
    StringBuilder text = new StringBuilder();
    int from = -2;
    int to = -2;
    for (int number : ascending) {
      if (number == to + 1) {
        to = number;
        continue;
      }
      append(text, from, to);
      from = number;
      to = number;
    }
    append(text, from, to);
    return text.toString();
  }

  private static void append(StringBuilder text, int from, int to) {
    if (from >= 0) {
      text.append(text.isEmpty() ? "" : ",").append(from).append(to > from ? "-" + to : "");
    }
  }
}
