package io.expertmesh.attention.core;

import io.expertmesh.protocol.core.ErrorCode;
import java.util.Objects;

/** How a request ended. Every request has exactly one. */
public sealed interface Outcome {
  /** It ran to its end. */
  record Completed(FinishReason reason) implements Outcome {
    public Completed {
      Objects.requireNonNull(reason, "reason");
    }
  }

  /** It could not be finished. */
  record Failed(ErrorCode code, String message) implements Outcome {
    public Failed {
      Objects.requireNonNull(code, "code");
      Objects.requireNonNull(message, "message");
    }
  }
}
