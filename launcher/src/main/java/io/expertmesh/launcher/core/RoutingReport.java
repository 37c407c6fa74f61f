package io.expertmesh.launcher.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The routing of a prompt as text: its tokens, each marked by its experts, and how evenly every
 * layer used its experts. Without colours the experts stand behind each token.
 *
 * @param routing what to show
 * @param places of the layers to show, among the routed ones
 * @param colours whether and how tokens are coloured
 */
public record RoutingReport(PromptRouting routing, List<Integer> places, ExpertColours colours) {
  private static final int MOST_SHARES = 32;
  private static final int SHARES_PER_LINE = 8;

  public RoutingReport {
    places = List.copyOf(places);
  }

  /** A report on all layers. */
  public static RoutingReport of(PromptRouting routing, ExpertColours colours) {
    return new RoutingReport(
        routing, IntStream.range(0, routing.layers().size()).boxed().toList(), colours);
  }

  /**
   * The same report on one layer.
   *
   * @throws LauncherException if it is no routed layer
   */
  public RoutingReport onlyLayer(int layer) {
    List<Integer> found =
        places.stream().filter(place -> routing.layers().get(place).index() == layer).toList();
    if (found.isEmpty()) {
      throw new LauncherException(
          "--layer is "
              + layer
              + ", which has no routed experts; those that have are "
              + routing.layers().stream()
                  .map(l -> Integer.toString(l.index()))
                  .collect(Collectors.joining(", "))
              + ".");
    }
    return new RoutingReport(routing, found, colours);
  }

  /** Everything, line by line. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (int place : places) {
      lines.add("layer " + routing.layers().get(place).index());
      lines.add(text(place));
      lines.add("");
    }
    lines.addAll(balance());
    for (int place : places) {
      lines.add("");
      lines.addAll(shares(place));
    }
    return lines;
  }

  private String text(int place) {
    StringBuilder line = new StringBuilder();
    for (PromptRouting.Token token : routing.tokens()) {
      line.append(colours.mark(token.heaviest(place), visible(token.text())));
      if (!colours.on()) {
        line.append(
            IntStream.of(token.experts().get(place))
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(",", "[", "]")));
      }
    }
    return line.toString();
  }

  private List<String> balance() {
    TextTable table =
        new TextTable(
            List.of("LAYER", "POLICY", "EXPERTS", "UNUSED", "DROPPED", "CV IMPORTANCE", "CV LOAD"));
    for (int place : places) {
      PromptRouting.Layer layer = routing.layers().get(place);
      LayerUse use = LayerUse.of(routing, place);
      long unused = IntStream.range(0, layer.experts()).filter(e -> use.load()[e] == 0).count();
      table.add(
          List.of(
              Integer.toString(layer.index()),
              layer.policy(),
              Integer.toString(layer.experts()),
              Long.toString(unused),
              Integer.toString(use.dropped()),
              decimal(use.importanceVariation()),
              decimal(use.loadVariation())));
    }
    return table.lines();
  }

  /** Of all experts in their order, or of the most used ones if there are very many. */
  private List<String> shares(int place) {
    PromptRouting.Layer layer = routing.layers().get(place);
    LayerUse use = LayerUse.of(routing, place);
    List<Integer> shown = IntStream.range(0, layer.experts()).boxed().toList();
    String title = "layer " + layer.index() + ", share of each expert";
    if (places.size() > 1 && shown.size() > MOST_SHARES) {
      shown =
          shown.stream()
              .sorted(Comparator.comparingDouble((Integer e) -> -use.share(e)))
              .limit(MOST_SHARES)
              .sorted()
              .toList();
      title += " (the " + MOST_SHARES + " most used; --layer shows all)";
    }
    List<String> lines = new ArrayList<>(List.of(title));
    for (int from = 0; from < shown.size(); from += SHARES_PER_LINE) {
      lines.add(
          shown.subList(from, Math.min(from + SHARES_PER_LINE, shown.size())).stream()
              .map(e -> colours.mark(e, "#%-3d".formatted(e)) + percent(use.share(e)))
              .collect(Collectors.joining("  ", "  ", "")));
    }
    return lines;
  }

  /** A token must not command the terminal. */
  private static String visible(String text) {
    StringBuilder visible = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (c == '\n') {
                visible.append('↵');
              } else if (c == '\t') {
                visible.append('→');
              } else if (Character.isISOControl(c)) {
                visible.append('·');
              } else {
                visible.appendCodePoint(c);
              }
            });
    return visible.toString();
  }

  private static String decimal(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%6.1f%%", 100 * share);
  }
}
