package io.expertmesh.model.core;

import java.util.Objects;
import java.util.Optional;

/**
 * One layer. A sequential layer computes {@code x += s · post₁(temporal(norm₁(x)))}, then {@code x
 * += s · post₂(channel(norm₂(x)))}. A parallel one has no second norm and computes {@code x += s ·
 * (temporal(norm₁(x)) + channel(norm₁(x)))}.
 *
 * @param index position in the model, from 0
 * @param temporalNorm norm before the temporal mixer
 * @param temporalPostNorm norm after it, if any
 * @param channelNorm norm before the channel mixer; empty: the two mixers are parallel
 * @param channelPostNorm norm after it, if any
 * @param residualScale factor {@code s} on what a mixer adds
 */
public record LayerSpec(
    int index,
    NormSpec temporalNorm,
    TemporalMixer temporalMixer,
    Optional<NormSpec> temporalPostNorm,
    Optional<NormSpec> channelNorm,
    ChannelMixer channelMixer,
    Optional<NormSpec> channelPostNorm,
    float residualScale) {
  public LayerSpec {
    Objects.requireNonNull(temporalNorm, "temporalNorm");
    Objects.requireNonNull(temporalMixer, "temporalMixer");
    Objects.requireNonNull(temporalPostNorm, "temporalPostNorm");
    Objects.requireNonNull(channelNorm, "channelNorm");
    Objects.requireNonNull(channelMixer, "channelMixer");
    Objects.requireNonNull(channelPostNorm, "channelPostNorm");
  }

  /** A sequential pre-norm layer without norms after its mixers. */
  public static LayerSpec preNorm(
      int index,
      NormSpec temporalNorm,
      TemporalMixer temporalMixer,
      NormSpec channelNorm,
      ChannelMixer channelMixer) {
    return new LayerSpec(
        index,
        temporalNorm,
        temporalMixer,
        Optional.empty(),
        Optional.of(channelNorm),
        channelMixer,
        Optional.empty(),
        1);
  }

  /** The same layer with another channel mixer. */
  public LayerSpec withChannelMixer(ChannelMixer other) {
    return new LayerSpec(
        index,
        temporalNorm,
        temporalMixer,
        temporalPostNorm,
        channelNorm,
        other,
        channelPostNorm,
        residualScale);
  }

  /** True if both mixers read the same normed input. */
  public boolean parallel() {
    return channelNorm.isEmpty();
  }
}
