package io.expertmesh.gateway.core.response;

/**
 * Token counts of a request.
 *
 * @param prompt tokens of all prompts, each counted once
 * @param completion generated tokens of all choices
 * @param cached of the prompt tokens, those found in the prefix cache
 */
public record Usage(int prompt, int completion, int cached) {}
