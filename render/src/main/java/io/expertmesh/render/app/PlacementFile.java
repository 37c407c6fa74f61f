package io.expertmesh.render.app;

import io.expertmesh.render.core.NodePool;
import io.expertmesh.render.core.RenderException;
import io.expertmesh.render.core.Shard;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Reads a placement: {@code shards}, a list of {@code name}, either {@code split} or {@code
 * experts}, and, where they are not 1, 4 and cpu, {@code min}, {@code max} and {@code pool}.
 */
final class PlacementFile {
  private static final Set<String> KEYS = Set.of("name", "split", "experts", "min", "max", "pool");
  private static final int DEFAULT_MAX = 4;

  private PlacementFile() {}

  /**
   * The shards in order.
   *
   * @param bytes of the weights of a shard, from its notation
   */
  static List<Shard> read(Path file, ToLongFunction<Notation> bytes) {
    Object root;
    try {
      root = Serialization.unmarshal(Files.readString(file), Object.class);
    } catch (IOException e) {
      throw new RenderException("--placement: " + file + " cannot be read.", e);
    } catch (RuntimeException e) {
      throw new RenderException("--placement: " + file + " is not YAML.", e);
    }
    if (!(root instanceof Map<?, ?> map) || !(map.get("shards") instanceof List<?> entries)) {
      throw new RenderException("--placement: " + file + " has no list 'shards'.");
    }
    List<Shard> shards = new ArrayList<>();
    for (Object entry : entries) {
      if (!(entry instanceof Map<?, ?> keys)) {
        throw new RenderException("--placement: an entry of 'shards' is not a map: " + entry + ".");
      }
      shards.add(shard(keys, bytes));
    }
    return shards;
  }

  private static Shard shard(Map<?, ?> keys, ToLongFunction<Notation> bytes) {
    String name = String.valueOf(keys.get("name"));
    for (Object key : keys.keySet()) {
      if (!KEYS.contains(String.valueOf(key))) {
        throw new RenderException(
            "--placement: shard "
                + name
                + " has the key '"
                + key
                + "'; the keys are name, split,"
                + " experts, min, max and pool.");
      }
    }
    if (keys.containsKey("split") == keys.containsKey("experts")) {
      throw new RenderException(
          "--placement: shard " + name + " must have either 'split' or 'experts'.");
    }
    String key = keys.containsKey("split") ? "split" : "experts";
    Notation notation = new Notation(name, key, String.valueOf(keys.get(key)));
    return new Shard(
        name,
        key,
        notation.value(),
        bytes.applyAsLong(notation),
        number(name, keys, "min", 1),
        number(name, keys, "max", DEFAULT_MAX),
        pool(name, keys.get("pool")));
  }

  private static int number(String shard, Map<?, ?> keys, String key, int otherwise) {
    Object value = keys.get(key);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Integer number) {
      return number;
    }
    throw new RenderException(
        "--placement: " + key + " of shard " + shard + " is '" + value + "', must be a number.");
  }

  private static NodePool pool(String shard, @Nullable Object value) {
    if (value == null) {
      return NodePool.CPU;
    }
    for (NodePool pool : NodePool.values()) {
      if (pool.label().equals(String.valueOf(value).toLowerCase(Locale.ROOT))) {
        return pool;
      }
    }
    throw new RenderException(
        "--placement: pool of shard " + shard + " is '" + value + "', must be cpu or gpu.");
  }
}
