package io.expertmesh.launcher.core;

import io.expertmesh.protocol.core.placement.LayerLoads;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Loads as text, one expert a line: layer, expert, tokens, separated by blanks. Lines that are
 * empty or begin with # are skipped; experts that no line names have no tokens.
 */
public final class LoadLines {
  private static final int MAX_EXPERTS = 1 << 16;

  private LoadLines() {}

  /**
   * The layers that the lines name, ascending.
   *
   * @throws LauncherException if a line is not three numbers
   */
  public static List<LayerLoads> parse(List<String> lines) {
    Map<Integer, TreeMap<Integer, Long>> layers = new TreeMap<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      try {
        String[] words = line.split("\\s+", -1);
        int expert = Integer.parseInt(words[1]);
        long tokens = Long.parseLong(words[2]);
        if (words.length != 3 || expert < 0 || expert >= MAX_EXPERTS || tokens < 0) {
          throw new NumberFormatException(line);
        }
        layers
            .computeIfAbsent(Integer.parseInt(words[0]), layer -> new TreeMap<>())
            .merge(expert, tokens, Long::sum);
      } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
        throw new LauncherException(
            "Line %d of the loads is '%s', must be layer, expert and tokens."
                .formatted(i + 1, line),
            e);
      }
    }
    List<LayerLoads> loads = new ArrayList<>();
    layers.forEach(
        (layer, experts) -> {
          long[] tokens = new long[experts.lastKey() + 1];
          experts.forEach((expert, count) -> tokens[expert] = count);
          loads.add(new LayerLoads(layer, tokens));
        });
    return loads;
  }
}
