package io.expertmesh.model.core;

import java.util.Optional;

/**
 * Reads rotary positions in both spellings: {@code rope_theta} with {@code rope_scaling}, or the
 * newer {@code rope_parameters}, which holds both.
 */
final class RopeConfig {
  private RopeConfig() {}

  static RopeSpec read(ModelConfig config, int headDim, double defaultTheta) {
    config.allowOnly("partial_rotary_factor", 1.0);
    double theta = config.optionalNumber("rope_theta").orElse(defaultTheta);
    Optional<ModelConfig> scaling = config.object("rope_scaling");
    scaling.ifPresent(RopeConfig::requireDefaultType);
    Optional<ModelConfig> parameters = config.object("rope_parameters");
    if (parameters.isPresent()) {
      requireDefaultType(parameters.get());
      parameters.get().allowOnly("partial_rotary_factor", 1.0);
      theta = parameters.get().optionalNumber("rope_theta").orElse(theta);
    }
    return RopeSpec.plain(theta, headDim);
  }

  private static void requireDefaultType(ModelConfig rope) {
    String key = rope.text("rope_type").isPresent() ? "rope_type" : "type";
    String type = rope.text(key).orElseThrow(() -> rope.refuse("rope_type is missing"));
    if (!type.equals("default")) {
      throw rope.refuse(
          key + " is \"" + CheckpointException.abridged(type) + "\", supported: default");
    }
  }
}
