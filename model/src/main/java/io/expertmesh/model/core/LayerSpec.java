package io.expertmesh.model.core;

import java.util.Objects;

/**
 * One pre-norm layer: {@code x += temporal(norm(x)); x += channel(norm(x))}.
 *
 * @param index position in the model, from 0
 */
public record LayerSpec(
    int index,
    NormSpec temporalNorm,
    TemporalMixer temporalMixer,
    NormSpec channelNorm,
    ChannelMixer channelMixer) {
  public LayerSpec {
    Objects.requireNonNull(temporalNorm, "temporalNorm");
    Objects.requireNonNull(temporalMixer, "temporalMixer");
    Objects.requireNonNull(channelNorm, "channelNorm");
    Objects.requireNonNull(channelMixer, "channelMixer");
  }
}
