package io.expertmesh.autoscaler.transport;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a ScaledObject says in the metadata of its trigger.
 *
 * @param shard the shard that the object scales
 * @param target part of its time that a replica should be busy
 */
record TriggerMetadata(String shard, double target) {
  static final String SHARD = "shard";
  static final String TARGET = "targetUtilization";

  /** Keys that KEDA itself reads and passes on all the same. */
  private static final Set<String> OF_KEDA =
      Set.of("scalerAddress", "enableTLS", "unsafeSsl", "metricType");

  private static final int LONGEST_NAME = 253;

  /**
   * Reads the metadata. What is right once is always right: nothing but the metadata matters.
   *
   * @param standard target of triggers that name none
   * @throws IllegalArgumentException whose message names the key
   */
  static TriggerMetadata of(Map<String, String> metadata, double standard) {
    for (String key : new TreeSet<>(metadata.keySet())) {
      if (!key.equals(SHARD) && !key.equals(TARGET) && !OF_KEDA.contains(key)) {
        throw new IllegalArgumentException(
            "metadata."
                + key
                + " is not a key of this scaler; it has "
                + SHARD
                + " and "
                + TARGET
                + ".");
      }
    }
    String shard = metadata.getOrDefault(SHARD, "").strip();
    if (shard.isEmpty()) {
      throw new IllegalArgumentException("metadata." + SHARD + " is missing: the shard to scale.");
    }
    if (shard.length() > LONGEST_NAME) {
      throw new IllegalArgumentException(
          "metadata."
              + SHARD
              + " has "
              + shard.length()
              + " characters, at most "
              + LONGEST_NAME
              + ".");
    }
    return new TriggerMetadata(shard, target(metadata.get(TARGET), standard));
  }

  private static double target(@org.jspecify.annotations.Nullable String text, double standard) {
    if (text == null) {
      return standard;
    }
    double target;
    try {
      target = Double.parseDouble(text.strip());
    } catch (NumberFormatException e) {
      target = Double.NaN;
    }
    if (!(target > 0 && target <= 1)) {
      throw new IllegalArgumentException(
          "metadata." + TARGET + " is '" + text + "', must be a number above 0 and at most 1.");
    }
    return target;
  }

  /** Name of the metric; KEDA puts the number of the trigger before it. */
  String metricName() {
    return "expertmesh-demand-" + shard.replaceAll("[^A-Za-z0-9-]", "-");
  }
}
