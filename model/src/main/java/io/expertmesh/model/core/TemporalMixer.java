package io.expertmesh.model.core;

/** How a layer mixes information along the sequence. */
public sealed interface TemporalMixer permits AttentionSpec, LatentAttentionSpec {}
