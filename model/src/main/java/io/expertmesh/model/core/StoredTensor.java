package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** A tensor and the file that holds it. */
record StoredTensor(SafetensorsFile file, TensorEntry entry) {
  Path path() {
    return file.path();
  }

  MemorySegment data() {
    return file.segment(entry.name());
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
