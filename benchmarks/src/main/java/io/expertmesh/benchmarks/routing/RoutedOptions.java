package io.expertmesh.benchmarks.routing;

import io.expertmesh.model.kernel.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What to measure.
 *
 * @param tokens rows of a call
 * @param hidden floats of a row
 * @param inner widths of an expert, one run each; a tiny one leaves the cost of the way alone
 * @param experts experts of a layer
 * @param topK experts of a token
 * @param shards numbers of expert-services, one run each
 * @param layers equal layers that the calls go through in turn
 * @param dtype weights and activations, F32 or BF16
 * @param provider kernel provider of the expert-services
 * @param warmup calls that are not measured
 * @param calls calls that are measured, one after the other
 */
record RoutedOptions(
    int tokens,
    int hidden,
    List<Integer> inner,
    int experts,
    int topK,
    List<Integer> shards,
    int layers,
    DType dtype,
    String provider,
    int warmup,
    int calls) {
  private static final Map<String, String> DEFAULTS =
      Map.ofEntries(
          Map.entry("tokens", "32"),
          Map.entry("hidden", "1024"),
          Map.entry("inner", "64,3584"),
          Map.entry("experts", "8"),
          Map.entry("top-k", "2"),
          Map.entry("shards", "2,8"),
          Map.entry("layers", "1"),
          Map.entry("dtype", "bf16"),
          Map.entry("provider", "auto"),
          Map.entry("warmup", "3000"),
          Map.entry("calls", "3000"));

  RoutedOptions {
    inner = List.copyOf(inner);
    shards = List.copyOf(shards);
    atLeastOne("tokens", tokens);
    atLeastOne("layers", layers);
    atLeastOne("calls", calls);
  }

  /**
   * Reads arguments of the form {@code --key=value}; what is not given has its default.
   *
   * @throws IllegalArgumentException with a sentence that names the argument
   */
  static RoutedOptions parse(String[] args) {
    Map<String, String> values = new TreeMap<>(DEFAULTS);
    for (String arg : args) {
      int equals = arg.indexOf('=');
      String key = arg.startsWith("--") && equals > 2 ? arg.substring(2, equals) : "";
      if (values.replace(key, arg.substring(equals + 1)) == null) {
        throw new IllegalArgumentException(
            "'" + arg + "' is not --key=value with a key of " + new TreeMap<>(DEFAULTS).keySet());
      }
    }
    return new RoutedOptions(
        integer(values, "tokens"),
        integer(values, "hidden"),
        integers(values, "inner"),
        integer(values, "experts"),
        integer(values, "top-k"),
        integers(values, "shards"),
        integer(values, "layers"),
        DType.valueOf(text(values, "dtype").toUpperCase(Locale.ROOT)),
        text(values, "provider"),
        integer(values, "warmup"),
        integer(values, "calls"));
  }

  private static String text(Map<String, String> values, String key) {
    return values.getOrDefault(key, "");
  }

  private static int integer(Map<String, String> values, String key) {
    return integers(values, key).getFirst();
  }

  private static List<Integer> integers(Map<String, String> values, String key) {
    try {
      return Arrays.stream(text(values, key).split(",", -1)).map(Integer::valueOf).toList();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "--" + key + " is '" + text(values, key) + "', must be a whole number", e);
    }
  }

  private static void atLeastOne(String key, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("--" + key + " is " + value + ", must be at least 1");
    }
  }
}
