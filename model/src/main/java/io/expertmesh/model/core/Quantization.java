package io.expertmesh.model.core;

import java.util.List;
import java.util.Optional;

/** How a checkpoint says that its matrices are packed. */
sealed interface Quantization {
  /** Not at all. */
  record None() implements Quantization {}

  /** Matrices of 8-bit floats with a factor per block; others may stay as they are. */
  record Fp8(int blockRows, int blockColumns) implements Quantization {}

  /** Expert matrices of 4-bit floats with a power of two per 32. */
  record Mxfp4() implements Quantization {}

  /** Reads {@code quantization_config}. */
  static Quantization read(ModelConfig config) {
    Quantization read =
        config.object("quantization_config").map(Quantization::of).orElse(new None());
    if (read instanceof Mxfp4 && !config.text("model_type").equals(Optional.of("gpt_oss"))) {
      throw config.refuse(
          "quantization_config.quant_method is \"mxfp4\", supported: it is only known for gpt_oss");
    }
    return read;
  }

  private static Quantization of(ModelConfig quantization) {
    String method = quantization.text("quant_method").orElse("unnamed");
    return switch (method) {
      case "fp8" -> fp8(quantization);
      case "mxfp4" -> new Mxfp4();
      default ->
          throw quantization.unsupported(
              "quant_method",
              method,
              "fp8, mxfp4, or unquantized weights in float32, bfloat16 or float16");
    };
  }

  private static Quantization fp8(ModelConfig quantization) {
    quantization.allowOnly("fmt", "e4m3");
    quantization.allowOnly("activation_scheme", "dynamic");
    List<Integer> block = quantization.integers("weight_block_size");
    if (block.size() != 2 || block.contains(0)) {
      throw quantization.refuse(
          "weight_block_size is " + block + ", supported: rows and columns, such as [128, 128]");
    }
    return new Fp8(block.get(0), block.get(1));
  }
}
