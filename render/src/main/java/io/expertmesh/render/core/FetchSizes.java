package io.expertmesh.render.core;

import java.util.Map;

/**
 * Bytes on the disk of a pod that fetches what it reads of the checkpoint.
 *
 * @param attention an attention-service
 * @param router a router-service
 * @param shards an expert-service, by name of its shard
 */
public record FetchSizes(long attention, long router, Map<String, Long> shards) {
  public FetchSizes {
    shards = Map.copyOf(shards);
  }

  long of(Shard shard) {
    Long bytes = shards.get(shard.name());
    if (bytes == null) {
      throw new IllegalArgumentException("no size of shard " + shard.name());
    }
    return bytes;
  }
}
