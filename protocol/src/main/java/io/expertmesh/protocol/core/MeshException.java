package io.expertmesh.protocol.core;

import java.util.Objects;

/** A failure with a code that callers can act on. The message is a sentence for people. */
public final class MeshException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  public MeshException(ErrorCode code, String message) {
    super(message);
    this.code = Objects.requireNonNull(code, "code");
  }

  public MeshException(ErrorCode code, String message, Throwable cause) {
    super(message, cause);
    this.code = Objects.requireNonNull(code, "code");
  }

  /** The sentence for people. */
  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }

  /** What kind of failure this is. */
  public ErrorCode code() {
    return code;
  }
}
