package io.expertmesh.gateway.core.generation;

/** Something that generates tokens: one attention replica, or all of them with resumption. */
@FunctionalInterface
public interface GenerationEngine {
  /** Starts a generation. The listener may be called before this returns. */
  GenerationCall generate(GenerationSpec spec, GenerationListener listener);
}
