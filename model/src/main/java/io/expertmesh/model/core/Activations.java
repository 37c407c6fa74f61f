package io.expertmesh.model.core;

/** Activations by the names that configs give them. */
final class Activations {
  private Activations() {}

  static Activation read(ModelConfig config, String key) {
    String name = config.text(key).orElseThrow(() -> config.refuse(key + " is missing"));
    return switch (name) {
      case "silu", "swish" -> new Activation.Silu();
      case "gelu" -> new Activation.Gelu();
      case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> new Activation.GeluTanh();
      case "quick_gelu" -> new Activation.QuickGelu();
      case "relu" -> new Activation.Relu();
      default ->
          throw config.unsupported(
              key,
              name,
              "silu, swish, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, quick_gelu, relu");
    };
  }
}
