package io.expertmesh.model.core;

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
}
