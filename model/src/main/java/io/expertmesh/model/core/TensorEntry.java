package io.expertmesh.model.core;

import java.util.List;
import java.util.Objects;

/**
 * One tensor of a safetensors header.
 *
 * @param shape dimensions, slowest first; empty for a scalar
 * @param begin first byte, counted from the start of the data
 * @param end one past the last byte
 */
public record TensorEntry(String name, TensorType type, List<Long> shape, long begin, long end) {
  public TensorEntry {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(type, "type");
    shape = List.copyOf(shape);
  }

  /** Number of elements. */
  public long elements() {
    return shape.contains(0L) ? 0 : shape.stream().reduce(1L, Math::multiplyExact);
  }

  /** Bytes of data. */
  public long bytes() {
    return end - begin;
  }

  /** True if the tensor has exactly these dimensions. */
  public boolean hasShape(long... dimensions) {
    if (dimensions.length != shape.size()) {
      return false;
    }
    for (int i = 0; i < dimensions.length; i++) {
      if (shape.get(i) != dimensions[i]) {
        return false;
      }
    }
    return true;
  }
}
