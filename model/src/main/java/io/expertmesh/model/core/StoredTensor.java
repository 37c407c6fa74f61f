package io.expertmesh.model.core;

import io.expertmesh.model.core.ByteRanges.Range;
import io.expertmesh.model.kernel.DType;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** A tensor and the file that holds it. */
record StoredTensor(SafetensorsFile file, TensorEntry entry) {
  Path path() {
    return file.path();
  }

  /** All of its bytes. */
  MemorySegment data() {
    return file.segment(entry.name());
  }

  /** Some of its bytes. */
  MemorySegment data(Range range) {
    return file.segment(entry.name(), range);
  }

  /**
   * The bytes of one slice along the first dimension.
   *
   * @param slice its index; -1 for the whole tensor
   */
  Range slice(int slice) {
    if (slice < 0) {
      return new Range(0, entry.bytes());
    }
    long bytes = entry.bytes() / entry.shape().getFirst();
    return new Range(slice * bytes, (slice + 1) * bytes);
  }

  /** Where bytes of the tensor lie in its file. */
  Range inFile(Range range) {
    long begin = file.dataStart() + entry.begin();
    return new Range(begin + range.from(), begin + range.to());
  }

  /** Element type as kernels know it; others are refused. */
  DType kernelType() {
    return entry.type().kernelType().orElseThrow(() -> ofType("F32, BF16 and F16"));
  }

  /** A refusal of the element type. */
  CheckpointException ofType(String supported) {
    return new CheckpointException(
        path(), entry.name(), "is of type " + entry.type() + ", supported are " + supported);
  }
}
