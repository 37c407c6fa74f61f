package io.expertmesh.gateway.core.response;

import java.util.List;

/** How one endpoint writes its answers. Everything is UTF-8 JSON. */
interface AnswerFormat {
  /** Chunks that open a choice of a stream; none for most. */
  List<byte[]> opening(int choice);

  /** A chunk of a stream. */
  byte[] chunk(int choice, ChoiceDelta delta);

  /** The chunk that ends a stream with the token counts. */
  byte[] usage(Usage usage);

  /** A whole answer. */
  byte[] whole(List<ChoiceText> choices, Usage usage);
}
