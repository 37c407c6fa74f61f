package io.expertmesh.attention.core;

import org.jspecify.annotations.Nullable;

/** A submitted request; what {@link Engine#cancel} wants. */
public final class Ticket {
  final GenerationRequest request;
  final TokenSink sink;

  /** Set and read by the engine's thread. */
  @Nullable Sequence sequence;

  Ticket(GenerationRequest request, TokenSink sink) {
    this.request = request;
    this.sink = sink;
  }
}
