package io.expertmesh.model.core;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One safetensors file, validated and memory-mapped read-only. Nothing is mapped before the header
 * is known to describe the file exactly. Reading a tensor touches only its pages; segments are
 * valid until the file is closed and may be unaligned.
 */
public final class SafetensorsFile implements AutoCloseable {
  private static final int PREFIX = Long.BYTES;

  private final Path path;
  private final Map<String, TensorEntry> entries;
  private final Map<String, String> metadata;
  private final MemorySegment data;
  private final Arena arena;

  private SafetensorsFile(
      Path path,
      Map<String, TensorEntry> entries,
      Map<String, String> metadata,
      MemorySegment data,
      Arena arena) {
    this.path = path;
    this.entries = entries;
    this.metadata = metadata;
    this.data = data;
    this.arena = arena;
  }

  /**
   * Opens and validates a file.
   *
   * @throws CheckpointException if the file is missing or breaks a rule of the format
   */
  public static SafetensorsFile open(Path path) {
    if (!Files.isRegularFile(path)) {
      throw new CheckpointException(
          path, Files.exists(path) ? "is not a regular file" : "the file is missing");
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      int headerBytes = headerBytes(path, channel, size);
      SafetensorsHeader header = SafetensorsHeader.parse(path, read(channel, PREFIX, headerBytes));
      long dataStart = PREFIX + (long) headerBytes;
      new TensorLayout(path, size - dataStart).check(header.entries());
      Map<String, TensorEntry> entries = new LinkedHashMap<>();
      header.entries().forEach(entry -> entries.put(entry.name(), entry));
      return map(path, channel, size, dataStart, entries, header.metadata());
    } catch (EOFException e) {
      throw new CheckpointException(path, "became shorter while it was read");
    } catch (IOException e) {
      throw new CheckpointException(path, "cannot be read: " + e.getMessage());
    }
  }

  private static int headerBytes(Path path, FileChannel channel, long size) throws IOException {
    if (size < PREFIX) {
      throw new CheckpointException(
          path, "has " + size + " bytes, a safetensors file has at least " + PREFIX);
    }
    long length = read(channel, 0, PREFIX).getLong();
    if (Long.compareUnsigned(length, StrictJson.MAX_BYTES) > 0) {
      throw new CheckpointException(
          path,
          "its header claims "
              + Long.toUnsignedString(length)
              + " bytes, at most "
              + StrictJson.MAX_BYTES
              + " are allowed");
    }
    if (length > size - PREFIX) {
      throw new CheckpointException(
          path,
          "its header claims " + length + " bytes, only " + (size - PREFIX) + " follow the length");
    }
    return (int) length;
  }

  private static SafetensorsFile map(
      Path path,
      FileChannel channel,
      long size,
      long dataStart,
      Map<String, TensorEntry> entries,
      Map<String, String> metadata)
      throws IOException {
    Arena arena = Arena.ofShared();
    try {
      MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
      return new SafetensorsFile(path, entries, metadata, file.asSlice(dataStart), arena);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private static ByteBuffer read(FileChannel channel, long position, int length)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new EOFException();
      }
    }
    return buffer.flip();
  }

  /** Where the file lies. */
  public Path path() {
    return path;
  }

  /** Names of all tensors in the order of the header. */
  public Set<String> names() {
    return Collections.unmodifiableSet(entries.keySet());
  }

  /** Free text that the writer left. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** Header entry of a tensor, if the file has it. */
  public Optional<TensorEntry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /**
   * Header entry of a tensor.
   *
   * @throws CheckpointException if the file does not have it
   */
  public TensorEntry entry(String name) {
    return find(name).orElseThrow(() -> new CheckpointException(path, name, "is not in this file"));
  }

  /** Little-endian bytes of a tensor, row-major, possibly unaligned. */
  public MemorySegment segment(String name) {
    TensorEntry entry = entry(name);
    return data.asSlice(entry.begin(), entry.bytes());
  }

  /** A floating-point tensor (F64, F32, BF16, F16) as fp32. */
  public float[] floats(String name) {
    return TensorValues.floats(path, entry(name), segment(name));
  }

  /** An integer tensor of any width. */
  public long[] longs(String name) {
    return TensorValues.longs(path, entry(name), segment(name));
  }

  /** An integer tensor whose values fit into 32 bits: token ids, for example. */
  public int[] ints(String name) {
    long[] wide = longs(name);
    int[] values = new int[wide.length];
    for (int i = 0; i < wide.length; i++) {
      values[i] = Math.toIntExact(wide[i]);
    }
    return values;
  }

  @Override
  public void close() {
    arena.close();
  }
}
