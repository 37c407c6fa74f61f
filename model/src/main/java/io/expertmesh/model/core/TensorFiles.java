package io.expertmesh.model.core;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** All tensors of a checkpoint: those of its one file, or of the shards that its index names. */
final class TensorFiles implements AutoCloseable {
  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";

  private static final Pattern PLAIN_NAME = Pattern.compile("[^/\\\\\\p{Cntrl}]{1,255}");

  private final Path source;
  private final List<SafetensorsFile> files;
  private final SortedMap<String, StoredTensor> tensors;

  private TensorFiles(
      Path source, List<SafetensorsFile> files, SortedMap<String, StoredTensor> tensors) {
    this.source = source;
    this.files = List.copyOf(files);
    this.tensors = Collections.unmodifiableSortedMap(tensors);
  }

  static TensorFiles open(Path dir) {
    Path single = dir.resolve(SINGLE);
    Path index = dir.resolve(INDEX);
    if (!Files.exists(single) && !Files.exists(index)) {
      throw new CheckpointException(dir, "has neither " + SINGLE + " nor " + INDEX);
    }
    List<SafetensorsFile> opened = new ArrayList<>();
    try {
      return Files.exists(single) ? openSingle(single, opened) : openShards(dir, index, opened);
    } catch (RuntimeException e) {
      opened.forEach(SafetensorsFile::close);
      throw e;
    }
  }

  private static TensorFiles openSingle(Path path, List<SafetensorsFile> opened) {
    SafetensorsFile file = SafetensorsFile.open(path);
    opened.add(file);
    SortedMap<String, StoredTensor> tensors = new TreeMap<>();
    for (String name : file.names()) {
      tensors.put(name, new StoredTensor(file, file.entry(name)));
    }
    return new TensorFiles(path, opened, tensors);
  }

  private static TensorFiles openShards(Path dir, Path index, List<SafetensorsFile> opened) {
    Map<String, String> weightMap = weightMap(index);
    Map<String, SafetensorsFile> shards = new TreeMap<>();
    for (String name : new TreeSet<>(weightMap.values())) {
      SafetensorsFile shard = SafetensorsFile.open(dir.resolve(name));
      opened.add(shard);
      shards.put(name, shard);
    }
    rejectTwins(opened);
    SortedMap<String, StoredTensor> tensors = new TreeMap<>();
    weightMap.forEach(
        (tensor, shardName) -> {
          SafetensorsFile shard = Objects.requireNonNull(shards.get(shardName));
          TensorEntry entry =
              shard
                  .find(tensor)
                  .orElseThrow(
                      () ->
                          new CheckpointException(
                              index,
                              tensor,
                              "is said to be in " + shardName + ", which does not have it"));
          tensors.put(tensor, new StoredTensor(shard, entry));
        });
    return new TensorFiles(index, opened, tensors);
  }

  /** File of every tensor, as an index says. */
  private static Map<String, String> weightMap(Path index) {
    JsonNode map = StrictJson.readObject(index).get("weight_map");
    if (map == null || !map.isObject()) {
      throw new CheckpointException(index, "weight_map must be an object");
    }
    Map<String, String> weightMap = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      String tensor = entry.getKey();
      if (!entry.getValue().isString()) {
        throw new CheckpointException(index, tensor, "weight_map must name a file");
      }
      String file = entry.getValue().stringValue();
      if (!PLAIN_NAME.matcher(file).matches() || file.equals("..") || file.equals(".")) {
        throw new CheckpointException(
            index,
            tensor,
            "file name '"
                + CheckpointException.abridged(file)
                + "' must be plain, without path separators");
      }
      weightMap.put(tensor, file);
    }
    return weightMap;
  }

  /** Names of the safetensors files of a checkpoint, from its index where it has one. */
  static SortedSet<String> names(Path dir) {
    Path index = dir.resolve(INDEX);
    return Files.exists(index)
        ? new TreeSet<>(weightMap(index).values())
        : new TreeSet<>(List.of(SINGLE));
  }

  private static void rejectTwins(List<SafetensorsFile> shards) {
    Map<String, SafetensorsFile> owners = new TreeMap<>();
    for (SafetensorsFile shard : shards) {
      for (String name : shard.names()) {
        SafetensorsFile other = owners.putIfAbsent(name, shard);
        if (other != null) {
          throw new CheckpointException(
              shard.path(), name, "is also in " + other.path().getFileName());
        }
      }
    }
  }

  /** The file that lists the tensors. */
  Path source() {
    return source;
  }

  /** The files. */
  List<SafetensorsFile> files() {
    return files;
  }

  /** All tensors by name, ascending. */
  SortedMap<String, StoredTensor> tensors() {
    return tensors;
  }

  Optional<StoredTensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** A tensor that must be there. */
  StoredTensor get(String name) {
    return find(name)
        .orElseThrow(() -> new CheckpointException(source, name, "is missing from the checkpoint"));
  }

  @Override
  public void close() {
    files.forEach(SafetensorsFile::close);
  }
}
