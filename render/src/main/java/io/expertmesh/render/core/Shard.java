package io.expertmesh.render.core;

import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A shard and its deployment.
 *
 * @param name of the shard, at most 40 characters of a-z, 0-9 and '-'
 * @param key {@code split} or {@code experts}: how its experts are told
 * @param value their notation, as of {@code expertmesh.expert.<key>}
 * @param bytes of its weights as they are stored
 * @param min least replicas; 0 = none while nothing asks for it
 * @param max most replicas
 * @param pool kind of node
 */
public record Shard(
    String name, String key, String value, long bytes, int min, int max, NodePool pool) {
  private static final Pattern NAME = Pattern.compile("[a-z]([a-z0-9-]{0,38}[a-z0-9])?");
  private static final int MOST = 10_000;

  public Shard {
    Objects.requireNonNull(pool, "pool");
    if (!NAME.matcher(name).matches()) {
      throw new RenderException(
          "The shard name '"
              + name
              + "' must be 1 to 40 characters of a-z, 0-9 and '-', beginning with a letter.");
    }
    if (min < 0 || max < 1 || min > max || max > MOST) {
      throw new RenderException(
          "Shard "
              + name
              + " has min "
              + min
              + " and max "
              + max
              + "; they must be 0 to 10000, max at least 1 and not below min.");
    }
  }
}
