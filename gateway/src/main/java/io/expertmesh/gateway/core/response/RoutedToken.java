package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.TokenRouting;

/**
 * A token with its experts.
 *
 * @param position in the sequence, the prompt's first token is 0
 */
public record RoutedToken(int position, int id, TokenRouting routing) {}
