package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.ScoredToken;

/**
 * A token with its place in the text.
 *
 * @param offset code points in front of it in the text of the choice
 */
public record LoggedToken(ScoredToken token, int offset) {}
