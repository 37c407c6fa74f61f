package io.expertmesh.expert.core;

import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.RoutedFfn;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The set of experts that one process hosts. Each of them is a <em>block</em>, numbered from 0 in
 * ascending order of (layer, expert).
 */
public final class ShardSpec {
  /** One expert of one layer. */
  public record Block(int layer, int expert) {}

  private final String name;
  private final SortedMap<Integer, BitSet> experts;
  private final List<Block> blocks = new ArrayList<>();
  private final int[][] numbers;

  /**
   * @param name name of the shard
   * @param experts expert indices by layer; not empty
   * @throws MeshException if it names a layer or an expert that the model does not have
   */
  public ShardSpec(String name, ModelSpec model, SortedMap<Integer, BitSet> experts) {
    this.name = name;
    this.experts = Collections.unmodifiableSortedMap(new TreeMap<>(experts));
    numbers = new int[model.layers().size()][0];
    experts.forEach(
        (layer, indices) -> {
          int count = expertsOf(model, layer);
          numbers[layer] = new int[count];
          java.util.Arrays.fill(numbers[layer], -1);
          indices.stream()
              .forEach(
                  expert -> {
                    if (expert >= count) {
                      throw new MeshException(
                          ErrorCode.INVALID_ARGUMENT,
                          "The shard names expert %d of layer %d, but that layer has experts 0-%d."
                              .formatted(expert, layer, count - 1));
                    }
                    numbers[layer][expert] = blocks.size();
                    blocks.add(new Block(layer, expert));
                  });
        });
    if (blocks.isEmpty()) {
      throw new MeshException(ErrorCode.INVALID_ARGUMENT, "The shard names no expert at all.");
    }
  }

  private static int expertsOf(ModelSpec model, int layer) {
    if (layer < 0 || layer >= model.layers().size()) {
      throw new MeshException(
          ErrorCode.INVALID_ARGUMENT,
          "The shard names layer %d, but the model has layers 0-%d."
              .formatted(layer, model.layers().size() - 1));
    }
    return model
        .routed(layer)
        .map(RoutedFfn::experts)
        .map(List::size)
        .orElseThrow(
            () ->
                new MeshException(
                    ErrorCode.INVALID_ARGUMENT,
                    "The shard names layer %d, but that layer has no routed experts."
                        .formatted(layer)));
  }

  /** Name of the shard. */
  public String name() {
    return name;
  }

  /** Expert indices by layer. */
  public SortedMap<Integer, BitSet> experts() {
    return experts;
  }

  /** The hosted experts in order of their block number. */
  public List<Block> blocks() {
    return Collections.unmodifiableList(blocks);
  }

  /** Number of the block of an expert, or -1 if it is not hosted here. */
  public int block(int layer, int expert) {
    return layer < 0 || layer >= numbers.length || expert < 0 || expert >= numbers[layer].length
        ? -1
        : numbers[layer][expert];
  }

  /** True if any expert of this layer is hosted here. */
  public boolean hasLayer(int layer) {
    return experts.containsKey(layer);
  }
}
