package io.expertmesh.router.core;

import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.RoutedFfn;
import io.expertmesh.model.kernel.DType;
import java.util.Arrays;
import java.util.Objects;

/**
 * What the router must know of a model to check leases and calls.
 *
 * @param modelId name that replicas must announce
 * @param weightsVersion version that replicas must announce and answer with
 * @param width floats per row
 * @param activations type of rows on the wire: F32 or BF16
 * @param experts routed experts of each layer; 0 where the layer has none
 */
public record RoutedModel(
    String modelId, long weightsVersion, int width, DType activations, int[] experts) {
  public RoutedModel {
    Objects.requireNonNull(modelId, "modelId");
    Objects.requireNonNull(activations, "activations");
    experts = experts.clone();
    if (width <= 0) {
      throw new IllegalArgumentException("rows of " + width + " floats");
    }
  }

  /** The routed part of a model. */
  public static RoutedModel of(
      ModelSpec spec, String modelId, long weightsVersion, DType activations) {
    int[] experts =
        spec.layers().stream()
            .mapToInt(
                layer -> layer.channelMixer() instanceof RoutedFfn ffn ? ffn.experts().size() : 0)
            .toArray();
    return new RoutedModel(modelId, weightsVersion, spec.hiddenSize(), activations, experts);
  }

  /** Layers of the model, routed or not. */
  public int layers() {
    return experts.length;
  }

  /** Experts of a layer; 0 if it has none or is not a layer of the model. */
  public int expertsOf(int layer) {
    return layer < 0 || layer >= experts.length ? 0 : experts[layer];
  }

  /** The largest number of experts in one layer. */
  public int mostExperts() {
    return Arrays.stream(experts).max().orElse(0);
  }

  /** Bytes of one row on the wire. */
  public int rowBytes() {
    return width * activations.bytes();
  }
}
