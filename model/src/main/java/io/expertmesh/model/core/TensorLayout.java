package io.expertmesh.model.core;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Checks that tensors tile the data of a file: no hole, no overlap, sizes as shapes say. */
final class TensorLayout {
  private final Path file;
  private final long dataBytes;

  TensorLayout(Path file, long dataBytes) {
    this.file = file;
    this.dataBytes = dataBytes;
  }

  void check(List<TensorEntry> entries) {
    List<TensorEntry> sorted = new ArrayList<>(entries);
    sorted.sort(Comparator.comparingLong(TensorEntry::begin).thenComparingLong(TensorEntry::end));
    long next = 0;
    for (TensorEntry entry : sorted) {
      if (entry.begin() != next) {
        throw new CheckpointException(
            file,
            entry.name(),
            "data_offsets begin at "
                + entry.begin()
                + ", must begin where the tensor before ends, at "
                + next);
      }
      checkSize(entry);
      next = entry.end();
      if (next > dataBytes) {
        throw new CheckpointException(
            file,
            entry.name(),
            "data_offsets end at " + next + ", the file has only " + dataBytes + " bytes of data");
      }
    }
    if (next != dataBytes) {
      throw new CheckpointException(
          file, "has " + dataBytes + " bytes of data, its tensors cover only " + next);
    }
  }

  private void checkSize(TensorEntry entry) {
    long bits;
    try {
      bits = Math.multiplyExact(entry.elements(), entry.type().bits());
    } catch (ArithmeticException e) {
      throw new CheckpointException(
          file, entry.name(), "shape " + entry.shape() + " overflows 64 bits");
    }
    if (bits % Byte.SIZE != 0) {
      throw new CheckpointException(
          file,
          entry.name(),
          "shape " + entry.shape() + " of " + entry.type() + " does not fill whole bytes");
    }
    if (bits / Byte.SIZE != entry.bytes()) {
      throw new CheckpointException(
          file,
          entry.name(),
          "shape "
              + entry.shape()
              + " of "
              + entry.type()
              + " takes "
              + bits / Byte.SIZE
              + " bytes, its data_offsets span "
              + entry.bytes());
    }
  }
}
