package io.expertmesh.model.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes the tensors of a checkpoint into {@code model.safetensors}, or, where they exceed a limit,
 * into shards with {@code model.safetensors.index.json}.
 */
public final class ShardWriter {
  private static final Map<String, String> METADATA = Map.of("format", "pt");

  private ShardWriter() {}

  /**
   * Writes all tensors, in the order given, into as few files as the limit allows.
   *
   * @param maxShardBytes limit of data per file; a larger tensor gets a file of its own
   */
  public static void write(Path dir, List<TensorSource> tensors, long maxShardBytes)
      throws IOException {
    List<List<TensorSource>> shards = split(tensors, maxShardBytes);
    if (shards.size() == 1) {
      SafetensorsWriter.write(dir.resolve(TensorFiles.SINGLE), tensors, METADATA);
      return;
    }
    Map<String, String> weightMap = new TreeMap<>();
    for (int i = 0; i < shards.size(); i++) {
      String name =
          String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
      SafetensorsWriter.write(dir.resolve(name), shards.get(i), METADATA);
      shards.get(i).forEach(tensor -> weightMap.put(tensor.name(), name));
    }
    ObjectNode index = StrictJson.MAPPER.createObjectNode();
    index
        .putObject("metadata")
        .put("total_size", tensors.stream().mapToLong(TensorSource::bytes).sum());
    ObjectNode map = index.putObject("weight_map");
    weightMap.forEach(map::put);
    Files.writeString(dir.resolve(TensorFiles.INDEX), index.toPrettyString());
  }

  private static List<List<TensorSource>> split(List<TensorSource> tensors, long maxShardBytes) {
    List<List<TensorSource>> shards = new ArrayList<>();
    List<TensorSource> current = new ArrayList<>();
    long bytes = 0;
    for (TensorSource tensor : tensors) {
      if (!current.isEmpty() && bytes + tensor.bytes() > maxShardBytes) {
        shards.add(current);
        current = new ArrayList<>();
        bytes = 0;
      }
      current.add(tensor);
      bytes += tensor.bytes();
    }
    shards.add(current);
    return shards;
  }
}
