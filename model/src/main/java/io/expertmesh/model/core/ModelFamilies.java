package io.expertmesh.model.core;

import java.util.List;
import java.util.TreeSet;

/** The families that this build can serve. */
final class ModelFamilies {
  private static final List<ModelFamily> ALL = List.of(new LlamaFamily(), new MixtralFamily());

  private ModelFamilies() {}

  /** The family of a checkpoint. */
  static ModelFamily of(ModelConfig config) {
    String type =
        config.text("model_type").orElseThrow(() -> config.refuse("model_type is missing"));
    return ALL.stream()
        .filter(family -> family.modelTypes().contains(type))
        .findFirst()
        .orElseThrow(() -> config.refuse(unknown(type)));
  }

  private static String unknown(String type) {
    TreeSet<String> known = new TreeSet<>();
    ALL.forEach(family -> known.addAll(family.modelTypes()));
    return "model_type is \""
        + CheckpointException.abridged(type)
        + "\", supported: "
        + String.join(", ", known);
  }
}
