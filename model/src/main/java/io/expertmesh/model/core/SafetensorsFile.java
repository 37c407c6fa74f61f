package io.expertmesh.model.core;

import io.expertmesh.model.core.ByteRanges.Range;
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
  private final MemorySegment file;
  private final long dataStart;
  private final Optional<ByteRanges> present;
  private final Arena arena;

  private SafetensorsFile(
      Path path,
      Map<String, TensorEntry> entries,
      Map<String, String> metadata,
      MemorySegment file,
      long dataStart,
      Optional<ByteRanges> present,
      Arena arena) {
    this.path = path;
    this.entries = entries;
    this.metadata = metadata;
    this.file = file;
    this.dataStart = dataStart;
    this.present = present;
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
      ByteBuffer prefix = read(channel, 0, (int) Math.min(size, PREFIX));
      long dataStart = dataStart(path.toString(), prefix, size);
      Optional<ByteRanges> present = PartialFile.present(path);
      if (present.isPresent() && !present.get().covers(0, dataStart)) {
        throw new CheckpointException(path, "its header has not been fetched");
      }
      SafetensorsHeader header =
          SafetensorsHeader.parse(path, read(channel, PREFIX, (int) (dataStart - PREFIX)));
      new TensorLayout(path, size - dataStart).check(header.entries());
      Map<String, TensorEntry> entries = new LinkedHashMap<>();
      header.entries().forEach(entry -> entries.put(entry.name(), entry));
      return map(path, channel, dataStart, entries, header.metadata(), present);
    } catch (EOFException e) {
      throw new CheckpointException(path, "became shorter while it was read");
    } catch (IOException e) {
      throw new CheckpointException(path, "cannot be read: " + e.getMessage());
    }
  }

  /**
   * Where the data of a file begin, after a check that its header can be what it claims.
   *
   * @param name of the file, for people
   * @param prefix the first eight bytes of the file, or all that it has
   * @param size bytes of the whole file
   * @throws CheckpointException if no file may begin so
   */
  public static long dataStart(String name, ByteBuffer prefix, long size) {
    if (size < PREFIX) {
      throw new CheckpointException(
          name, "has " + size + " bytes, a safetensors file has at least " + PREFIX);
    }
    long length = prefix.duplicate().order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (Long.compareUnsigned(length, StrictJson.MAX_BYTES) > 0) {
      throw new CheckpointException(
          name,
          "its header claims "
              + Long.toUnsignedString(length)
              + " bytes, at most "
              + StrictJson.MAX_BYTES
              + " are allowed");
    }
    if (length > size - PREFIX) {
      throw new CheckpointException(
          name,
          "its header claims " + length + " bytes, only " + (size - PREFIX) + " follow the length");
    }
    return PREFIX + length;
  }

  private static SafetensorsFile map(
      Path path,
      FileChannel channel,
      long dataStart,
      Map<String, TensorEntry> entries,
      Map<String, String> metadata,
      Optional<ByteRanges> present)
      throws IOException {
    Arena arena = Arena.ofShared();
    try {
      MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new SafetensorsFile(path, entries, metadata, file, dataStart, present, arena);
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

  /** First byte of the data. */
  long dataStart() {
    return dataStart;
  }

  /** Bytes of the data. */
  long dataBytes() {
    return file.byteSize() - dataStart;
  }

  /**
   * Little-endian bytes of a tensor, row-major, possibly unaligned.
   *
   * @throws CheckpointException if the file was fetched and they were not
   */
  public MemorySegment segment(String name) {
    return segment(name, 0, entry(name).bytes());
  }

  /** Some bytes of a tensor, under the same conditions. */
  MemorySegment segment(String name, Range range) {
    return segment(name, range.from(), range.bytes());
  }

  private MemorySegment segment(String name, long at, long bytes) {
    long from = dataStart + entry(name).begin() + at;
    if (present.isPresent() && !present.get().covers(from, from + bytes)) {
      // a hole would read as zeros
      throw new CheckpointException(
          path, name, "has not been fetched; only parts of the file are here");
    }
    return file.asSlice(from, bytes);
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
