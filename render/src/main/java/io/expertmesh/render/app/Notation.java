package io.expertmesh.render.app;

/**
 * How the experts of a shard are written down.
 *
 * @param name of the shard
 * @param key {@code split} or {@code experts}
 * @param value in the notation of that key
 */
record Notation(String name, String key, String value) {}
