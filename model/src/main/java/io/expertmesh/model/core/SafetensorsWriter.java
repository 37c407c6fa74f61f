package io.expertmesh.model.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes safetensors files: large elements first, then by name, the header padded with spaces so
 * that data begins at a multiple of 8. The same tensors always give the same bytes. Data is
 * streamed; a file appears under its name only when it is complete.
 */
public final class SafetensorsWriter {
  private static final Comparator<TensorSource> ORDER =
      Comparator.comparingInt((TensorSource tensor) -> -tensor.type().bits())
          .thenComparing(TensorSource::name);

  private SafetensorsWriter() {}

  /**
   * Writes one file, replacing one that is there.
   *
   * @param metadata free text for the header
   * @throws IllegalArgumentException if two tensors have one name
   * @throws IllegalStateException if a content gives more or fewer bytes than its shape takes
   */
  public static void write(
      Path file, Collection<TensorSource> tensors, Map<String, String> metadata)
      throws IOException {
    List<TensorSource> ordered = tensors.stream().sorted(ORDER).toList();
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try {
      try (FileChannel channel =
          FileChannel.open(
              part,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        Counting out = new Counting(channel);
        out.write(header(ordered, metadata));
        for (TensorSource tensor : ordered) {
          long before = out.written;
          tensor.content().writeTo(out);
          if (out.written - before != tensor.bytes()) {
            throw new IllegalStateException(
                "tensor "
                    + tensor.name()
                    + " takes "
                    + tensor.bytes()
                    + " bytes, its content gave "
                    + (out.written - before));
          }
        }
      }
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static ByteBuffer header(List<TensorSource> ordered, Map<String, String> metadata) {
    ObjectNode root = StrictJson.MAPPER.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode texts = root.putObject("__metadata__");
      new TreeMap<>(metadata).forEach(texts::put);
    }
    long offset = 0;
    for (TensorSource tensor : ordered) {
      if (root.has(tensor.name())) {
        throw new IllegalArgumentException("two tensors are named " + tensor.name());
      }
      ObjectNode entry = root.putObject(tensor.name());
      entry.put("dtype", tensor.type().name());
      ArrayNode shape = entry.putArray("shape");
      tensor.shape().forEach(shape::add);
      ArrayNode offsets = entry.putArray("data_offsets");
      offsets.add(offset);
      offset = Math.addExact(offset, tensor.bytes());
      offsets.add(offset);
    }
    byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
    int padding = -json.length & 7;
    ByteBuffer header =
        ByteBuffer.allocate(Long.BYTES + json.length + padding).order(ByteOrder.LITTLE_ENDIAN);
    header
        .putLong(json.length + padding)
        .put(json)
        .put(" ".repeat(padding).getBytes(StandardCharsets.US_ASCII));
    return header.flip();
  }

  /** Writes whole buffers and counts their bytes. */
  private static final class Counting implements WritableByteChannel {
    private final FileChannel channel;
    private long written;

    Counting(FileChannel channel) {
      this.channel = channel;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      int bytes = source.remaining();
      while (source.hasRemaining()) {
        channel.write(source);
      }
      written += bytes;
      return bytes;
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
