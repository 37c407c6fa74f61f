package io.expertmesh.model.core;

/**
 * Rotary position embedding, half-split convention.
 *
 * @param theta base of the frequencies: {@code theta^(-2i / dims)}
 * @param dims rotated dimensions of a head
 */
public record RopeSpec(double theta, int dims) {}
