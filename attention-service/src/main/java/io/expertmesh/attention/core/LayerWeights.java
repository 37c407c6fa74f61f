package io.expertmesh.attention.core;

import java.util.Optional;

/**
 * One layer as this process computes it.
 *
 * @param temporalNorm norm before the temporal mixer
 * @param temporalJoin how its rows are added
 * @param channelNorm norm before the channel mixer; empty if the mixers are parallel
 * @param channelJoin how its rows are added
 */
record LayerWeights(
    Norm temporalNorm,
    TemporalWeights temporal,
    ResidualJoin temporalJoin,
    Optional<Norm> channelNorm,
    ChannelWeights channel,
    ResidualJoin channelJoin) {
  /** Bytes of packed weights that one step reads. */
  long bytes() {
    return temporal.bytes() + channel.bytes();
  }
}
