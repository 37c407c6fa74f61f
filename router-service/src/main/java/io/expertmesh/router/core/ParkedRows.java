package io.expertmesh.router.core;

import io.expertmesh.protocol.core.LoadEvent;
import java.util.Map;
import java.util.TreeMap;

/**
 * Rows that no replica was there for, by the shard that last hosted their expert: the signal on
 * which a shard without replicas is woken. Written by the dispatcher's thread, taken by another.
 */
public final class ParkedRows {
  private final String[][] shards;
  private final Map<String, Long> rows = new TreeMap<>();

  ParkedRows(RoutedModel model) {
    shards = new String[model.layers()][];
    for (int layer = 0; layer < shards.length; layer++) {
      shards[layer] = new String[model.expertsOf(layer)];
      java.util.Arrays.fill(shards[layer], LoadEvent.UNKNOWN_SHARD);
    }
  }

  /** Remembers who hosts what. */
  void joined(ReplicaOffer offer) {
    offer
        .experts()
        .forEach(
            (layer, experts) ->
                experts.stream().forEach(expert -> shards[layer][expert] = offer.shard()));
  }

  /** Nobody is left for rows of an expert. */
  void add(int layer, int expert, int count) {
    synchronized (rows) {
      rows.merge(shards[layer][expert], (long) count, Long::sum);
    }
  }

  /** The rows since the last call. */
  Map<String, Long> take() {
    synchronized (rows) {
      Map<String, Long> taken = Map.copyOf(rows);
      rows.clear();
      return taken;
    }
  }
}
