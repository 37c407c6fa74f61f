package io.expertmesh.model.core;

import java.util.List;
import java.util.Optional;

/**
 * Reads rotary positions in both spellings: {@code rope_theta} with {@code rope_scaling}, or the
 * newer {@code rope_parameters}, which holds both, be it for all layers or per layer type.
 */
final class RopeConfig {
  private static final String SUPPORTED = "default, linear, dynamic, yarn, llama3, longrope";

  private final ModelConfig config;
  private final Optional<ModelConfig> parameters;
  private final Optional<ModelConfig> scaling;

  private RopeConfig(ModelConfig config, Optional<ModelConfig> parameters) {
    this.config = config;
    this.parameters = parameters;
    // the family's default holds only where the file says nothing
    boolean read = parameters.isEmpty() || config.has("rope_scaling");
    this.scaling = read ? config.object("rope_scaling") : Optional.empty();
  }

  /** The rotary positions of all layers. */
  static RopeConfig of(ModelConfig config) {
    return of(config, "full_attention");
  }

  /**
   * The rotary positions of the layers of one type.
   *
   * @param layerType as in {@code layer_types}
   */
  static RopeConfig of(ModelConfig config, String layerType) {
    Optional<ModelConfig> parameters = config.object("rope_parameters");
    if (parameters.isPresent()) {
      ModelConfig given = parameters.get();
      if (given.isObject(layerType)) {
        return new RopeConfig(config, given.object(layerType));
      }
      if (LayerTypes.SUPPORTED.stream().anyMatch(given::isObject)) {
        throw given.refuse(layerType + " is missing, there are layers of this type");
      }
    }
    return new RopeConfig(config, parameters);
  }

  /**
   * The rotation of a head.
   *
   * @param headDim dimensions of a head; {@code partial_rotary_factor} of them are rotated
   * @param interleaved as in {@link RopeSpec}
   */
  RopeSpec read(int headDim, boolean interleaved) {
    double partial = partialFactor();
    int dims = (int) (headDim * partial);
    if (partial > 1 || dims % 2 != 0 || dims == 0) {
      throw config.refuse(
          partial == 1
              ? "head_dim is " + headDim + ", rotary positions need an even number"
              : "partial_rotary_factor is "
                  + partial
                  + ", which rotates "
                  + dims
                  + " of "
                  + headDim
                  + " dimensions, supported: an even number of them");
    }
    RopeScaling old = scaling.map(s -> scaling(s, dims, true)).orElse(new RopeScaling.None());
    RopeScaling own = parameters.map(p -> scaling(p, dims, false)).orElse(old);
    if (scaling.isPresent() && !own.equals(old)) {
      throw config.refuse("rope_scaling and rope_parameters are both given and differ");
    }
    return new RopeSpec(theta(), dims, interleaved, own);
  }

  /**
   * DeepSeek's factor on attention scores, {@code m²} with {@code m = 0.1 · mscale_all_dim ·
   * ln(factor) + 1}; 1 where the config names no {@code mscale_all_dim}.
   */
  double scoreFactor() {
    Optional<ModelConfig> rope = parameters.or(() -> scaling);
    if (rope.isEmpty() || type(rope.get(), false).equals("default")) {
      return 1;
    }
    Optional<Double> mscale = rope.get().nonZero("mscale_all_dim");
    double m = mscale.isEmpty() ? 1 : magnitude(rope.get().number("factor"), mscale.get());
    return m * m;
  }

  private double theta() {
    return parameters
        .flatMap(p -> p.optionalNumber("rope_theta"))
        .or(() -> config.optionalNumber("rope_theta"))
        .orElseThrow(() -> config.refuse("rope_theta is missing"));
  }

  private double partialFactor() {
    return parameters
        .flatMap(p -> p.optionalNumber("partial_rotary_factor"))
        .or(() -> config.optionalNumber("partial_rotary_factor"))
        .orElse(1.0);
  }

  private RopeScaling scaling(ModelConfig rope, int dims, boolean typeRequired) {
    String type = type(rope, typeRequired);
    return switch (type) {
      case "default" -> new RopeScaling.None();
      case "linear" -> new RopeScaling.Linear(rope.number("factor"));
      case "dynamic" -> new RopeScaling.DynamicNtk(rope.number("factor"), original(rope));
      case "yarn" -> yarn(rope);
      case "llama3" ->
          new RopeScaling.Llama3(
              rope.number("factor"),
              rope.number("low_freq_factor"),
              rope.number("high_freq_factor"),
              rope.positive("original_max_position_embeddings"));
      case "longrope" -> longRope(rope, dims);
      default -> throw rope.unsupported(typeKey(rope), type, SUPPORTED);
    };
  }

  private static String type(ModelConfig rope, boolean required) {
    Optional<String> type = rope.text(typeKey(rope));
    if (type.isEmpty() && (required || rope.has("factor"))) {
      throw rope.refuse("rope_type is missing");
    }
    return type.orElse("default");
  }

  private static String typeKey(ModelConfig rope) {
    return rope.spelled("rope_type", "type");
  }

  private RopeScaling yarn(ModelConfig rope) {
    int original = original(rope);
    double factor = factor(rope, original);
    Optional<Double> mscale = rope.nonZero("mscale");
    Optional<Double> allDim = rope.nonZero("mscale_all_dim");
    double implied =
        mscale.isPresent() && allDim.isPresent()
            ? magnitude(factor, mscale.get()) / magnitude(factor, allDim.get())
            : magnitude(factor, 1);
    return new RopeScaling.Yarn(
        factor,
        original,
        rope.nonZero("beta_fast").orElse(32.0),
        rope.nonZero("beta_slow").orElse(1.0),
        rope.optionalNumber("attention_factor").orElse(implied),
        rope.flag("truncate").orElse(true));
  }

  /** {@code 0.1 · mscale · ln(factor) + 1}; 1 where nothing is stretched. */
  static double magnitude(double factor, double mscale) {
    return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
  }

  private RopeScaling longRope(ModelConfig rope, int dims) {
    int original = original(rope);
    double factor = factor(rope, original);
    double implied = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
    double magnitude = rope.optionalNumber("attention_factor").orElse(implied);
    return new RopeScaling.LongRope(
        factors(rope, "short_factor", dims),
        factors(rope, "long_factor", dims),
        original,
        rope.optionalNumber("short_mscale").orElse(magnitude),
        rope.optionalNumber("long_mscale").orElse(magnitude));
  }

  private static List<Double> factors(ModelConfig rope, String key, int dims) {
    List<Double> factors = rope.numbers(key);
    if (factors.size() != dims / 2) {
      throw rope.refuse(
          key + " has " + factors.size() + " factors, the heads have " + dims / 2 + " frequencies");
    }
    return factors;
  }

  private double factor(ModelConfig rope, int original) {
    return rope.optionalNumber("factor")
        .orElseGet(() -> (double) config.positive("max_position_embeddings") / original);
  }

  /** Context length before stretching: of the scaling, of the model, or its whole context. */
  private int original(ModelConfig rope) {
    String key = "original_max_position_embeddings";
    if (rope.optionalPositive(key).isPresent()) {
      return rope.positive(key);
    }
    return config.optionalPositive(key).orElseGet(() -> config.positive("max_position_embeddings"));
  }
}
