package io.expertmesh.model.core;

import java.util.Objects;

/**
 * The token embedding.
 *
 * @param table {@code [vocabSize, hiddenSize]}
 * @param scale factor on its rows
 */
public record EmbeddingSpec(TensorRef table, float scale) {
  public EmbeddingSpec {
    Objects.requireNonNull(table, "table");
  }
}
