package io.expertmesh.model.core;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Objects;

/**
 * A tensor to be written.
 *
 * @param shape dimensions, slowest first
 * @param content gives the data, as often as it is asked
 */
public record TensorSource(String name, TensorType type, List<Long> shape, Content content) {
  public TensorSource {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(type, "type");
    shape = List.copyOf(shape);
    Objects.requireNonNull(content, "content");
  }

  /** Bytes of the tensor, with every factor checked for overflow. */
  public long bytes() {
    long bits = new TensorEntry(name, type, shape, 0, 0).elements();
    bits = Math.multiplyExact(bits, type.bits());
    if (bits % Byte.SIZE != 0) {
      throw new IllegalArgumentException(
          "tensor " + name + " of " + shape + " " + type + " does not fill whole bytes");
    }
    return bits / Byte.SIZE;
  }

  /** Writes the data of a tensor: little-endian, row-major, exactly as many bytes as its shape. */
  @FunctionalInterface
  public interface Content {
    /** Writes all bytes to {@code out}, which never writes partially. */
    void writeTo(WritableByteChannel out) throws IOException;
  }
}
