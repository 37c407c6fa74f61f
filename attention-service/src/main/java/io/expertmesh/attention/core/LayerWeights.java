package io.expertmesh.attention.core;

import io.expertmesh.model.core.AttentionSpec;
import io.expertmesh.model.kernel.PackedMatrix;

/**
 * One layer as this process computes it.
 *
 * @param queryKeyValue query, key and value rows stacked
 * @param output {@code [hidden, heads · headDim]}
 */
record LayerWeights(
    Norm attentionNorm,
    AttentionSpec attention,
    PackedMatrix queryKeyValue,
    PackedMatrix output,
    RopeTable rope,
    Norm channelNorm,
    ChannelWeights channel) {
  /** Weights and epsilon of an RMSNorm. */
  record Norm(float[] weight, float eps) {}
}
