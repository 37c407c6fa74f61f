package io.expertmesh.model.core;

/** How a layer mixes the channels of one token. */
public sealed interface ChannelMixer permits DenseFfn, RoutedFfn {}
