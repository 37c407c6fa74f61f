package io.expertmesh.expert.core;

import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.RoutedFfn;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.util.BitSet;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The two ways to write down a shard. By name: {@code layers:experts}, several joined by {@code ;},
 * where each side is {@code *} or a list of numbers and ranges such as {@code 0,2,4-7}. By share:
 * {@code i/n}, the i-th of n even parts of the experts of every routed layer, from 0.
 */
public final class ShardNotation {
  private static final String EXPERTS = "expertmesh.expert.experts";
  private static final String SPLIT = "expertmesh.expert.split";
  private static final Pattern RANGE = Pattern.compile("(\\d{1,6})(?:-(\\d{1,6}))?");
  private static final Pattern SHARE = Pattern.compile("(\\d{1,6})/(\\d{1,6})");

  private ShardNotation() {}

  /**
   * Reads the shard from the two properties, of which one must be set.
   *
   * @param name name of the shard
   * @param experts by name, or empty
   * @param split by share, or empty
   * @throws MeshException with a sentence that names the property
   */
  public static ShardSpec parse(String name, ModelSpec model, String experts, String split) {
    if (experts.isBlank() == split.isBlank()) {
      throw invalid(
          "Exactly one of "
              + EXPERTS
              + " and "
              + SPLIT
              + " must be set, "
              + (split.isBlank() ? "none is." : "both are."));
    }
    if (model.routedLayers().isEmpty()) {
      throw invalid("The model has no routed experts, so there is nothing to host.");
    }
    return new ShardSpec(
        name, model, split.isBlank() ? named(model, experts) : share(model, split.strip()));
  }

  private static SortedMap<Integer, BitSet> named(ModelSpec model, String text) {
    SortedMap<Integer, BitSet> byLayer = new TreeMap<>();
    for (String part : text.split(";", -1)) {
      String[] sides = part.split(":", -1);
      if (sides.length != 2) {
        throw invalid(
            EXPERTS
                + " has the part '"
                + part
                + "', expected layers:experts, for example 0-3:0,1.");
      }
      boolean allLayers = sides[0].strip().equals("*");
      List<Integer> layers =
          allLayers ? model.routedLayers() : numbers(sides[0]).stream().boxed().toList();
      for (int layer : layers) {
        BitSet chosen = byLayer.computeIfAbsent(layer, l -> new BitSet());
        if (sides[1].strip().equals("*")) {
          chosen.set(0, expertCount(model, layer));
        } else {
          chosen.or(numbers(sides[1]));
        }
      }
    }
    return byLayer;
  }

  private static int expertCount(ModelSpec model, int layer) {
    if (layer >= model.layers().size()) {
      return 1; // the shard's own check names the layer and the limit
    }
    return model.routed(layer).map(RoutedFfn::experts).map(List::size).orElse(1);
  }

  private static BitSet numbers(String list) {
    BitSet numbers = new BitSet();
    for (String item : list.split(",", -1)) {
      Matcher range = RANGE.matcher(item.strip());
      if (!range.matches()) {
        throw invalid(
            EXPERTS + " has '" + item + "' where a number, a range such as 4-7, or * is expected.");
      }
      int from = Integer.parseInt(range.group(1));
      int to = range.group(2) == null ? from : Integer.parseInt(range.group(2));
      if (to < from) {
        throw invalid(EXPERTS + " has the range '" + item + "', which ends before it begins.");
      }
      numbers.set(from, to + 1);
    }
    return numbers;
  }

  private static SortedMap<Integer, BitSet> share(ModelSpec model, String text) {
    Matcher share = SHARE.matcher(text);
    if (!share.matches()) {
      throw invalid(SPLIT + " is '" + text + "', expected i/n, for example 0/4.");
    }
    int index = Integer.parseInt(share.group(1));
    int parts = Integer.parseInt(share.group(2));
    if (parts == 0 || index >= parts) {
      throw invalid(SPLIT + " is '" + text + "', the part must be less than the number of parts.");
    }
    SortedMap<Integer, BitSet> byLayer = new TreeMap<>();
    for (int layer : model.routedLayers()) {
      int experts = expertCount(model, layer);
      if (parts > experts) {
        throw invalid(
            SPLIT
                + " is '%s', but layer %d has only %d experts to share out."
                    .formatted(text, layer, experts));
      }
      BitSet chosen = new BitSet();
      chosen.set(experts * index / parts, experts * (index + 1) / parts);
      byLayer.put(layer, chosen);
    }
    return byLayer;
  }

  private static MeshException invalid(String sentence) {
    return new MeshException(ErrorCode.INVALID_ARGUMENT, sentence);
  }
}
