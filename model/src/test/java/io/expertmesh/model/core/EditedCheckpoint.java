package io.expertmesh.model.core;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.DoubleUnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/** A copy of a golden checkpoint with its config or tensors changed. */
final class EditedCheckpoint {
  private final Path dir;
  private final ObjectNode config;
  private final Map<String, TensorSource> tensors = new TreeMap<>();

  EditedCheckpoint(Path dir, String golden) {
    this.dir = dir;
    Path source = GoldenCheckpointTest.GOLDEN.resolve(golden);
    config = (ObjectNode) StrictJson.readObject(source.resolve("config.json"));
    try (SafetensorsFile file = SafetensorsFile.open(source.resolve("model.safetensors"))) {
      for (String name : file.names()) {
        TensorEntry entry = file.entry(name);
        MemorySegment copy = MemorySegment.ofArray(new byte[(int) entry.bytes()]);
        tensors.put(
            name, source(name, entry.type(), entry.shape(), copy.copyFrom(file.segment(name))));
      }
    }
  }

  static TensorSource source(String name, TensorType type, List<Long> shape, MemorySegment bytes) {
    return new TensorSource(name, type, shape, out -> out.write(bytes.asByteBuffer()));
  }

  /** Sets a key to a JSON value. */
  EditedCheckpoint with(String key, String json) {
    config.set(key, StrictJson.MAPPER.readTree(json));
    return this;
  }

  EditedCheckpoint without(String... keys) {
    config.remove(List.of(keys));
    return this;
  }

  EditedCheckpoint withoutTensor(String name) {
    if (tensors.remove(name) == null) {
      throw new IllegalArgumentException(name);
    }
    return this;
  }

  EditedCheckpoint withTensor(TensorSource tensor) {
    tensors.put(tensor.name(), tensor);
    return this;
  }

  TensorSource tensor(String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  boolean has(String name) {
    return tensors.containsKey(name);
  }

  /** Data of a tensor. */
  byte[] bytes(String name) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      tensor(name).content().writeTo(Channels.newChannel(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** Values of an fp32 tensor. */
  float[] floats(String name) {
    byte[] bytes = bytes(name);
    float[] values = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  void rename(String from, String to) {
    TensorSource old = tensor(from);
    withoutTensor(from).withTensor(new TensorSource(to, old.type(), old.shape(), old.content()));
  }

  /** Multiplies the values of an fp32 tensor. */
  void scale(String name, float factor) {
    change(name, value -> value * factor);
  }

  /** Adds to the values of an fp32 tensor. */
  void shift(String name, float offset) {
    change(name, value -> value + offset);
  }

  private void change(String name, DoubleUnaryOperator change) {
    float[] values = floats(name);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) change.applyAsDouble(values[i]);
    }
    long[] shape = tensor(name).shape().stream().mapToLong(Long::longValue).toArray();
    withTensor(Layouts.floats(name, values, shape));
  }

  /** Writes it and gives its directory. */
  Path write() {
    return write(Long.MAX_VALUE);
  }

  Path write(long maxShardBytes) {
    try {
      Files.createDirectories(dir);
      Files.writeString(dir.resolve("config.json"), config.toString());
      ShardWriter.write(dir, List.copyOf(tensors.values()), maxShardBytes);
      return dir;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Checkpoint open() {
    return Checkpoints.open(write());
  }
}
