package io.expertmesh.model.core;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** The families that this build can serve. */
final class ModelFamilies {
  private static final List<ModelFamily> ALL =
      List.of(
          new LlamaFamily(),
          new MistralFamily(),
          new MixtralFamily(),
          new QwenFamily(),
          new Qwen2MoeFamily(),
          new Qwen3MoeFamily(),
          new OlmoeFamily(),
          new PhimoeFamily(),
          new DeepseekFamily(),
          new GptOssFamily(),
          new GraniteFamily(),
          new CohereFamily(),
          new GemmaFamily(),
          new PalmFamily());

  private ModelFamilies() {}

  /** The family of a checkpoint. */
  static ModelFamily of(ModelConfig config) {
    if (NativeGptOssFamily.knows(config)) {
      return new NativeGptOssFamily();
    }
    String type =
        config.text("model_type").orElseThrow(() -> config.refuse("model_type is missing"));
    return ALL.stream()
        .filter(family -> family.modelTypes().contains(type))
        .findFirst()
        .orElseThrow(() -> config.unsupported("model_type", type, String.join(", ", known())));
  }

  private static SortedSet<String> known() {
    SortedSet<String> known = new TreeSet<>();
    ALL.forEach(family -> known.addAll(family.modelTypes()));
    return known;
  }
}
