package io.expertmesh.protocol.core;

/** Why a request failed, as all services and the REST API name it. */
public enum ErrorCode {
  /** A field of the request is wrong; the message names the field and the limit. */
  INVALID_ARGUMENT(false),
  /** Prompt and generation do not fit into the model's context. */
  CONTEXT_LENGTH_EXCEEDED(false),
  /** No replica of an expert that the request needs was there until the deadline. */
  EXPERT_UNAVAILABLE(true),
  /** No router, or no attention replica, could be reached. */
  SERVICE_UNAVAILABLE(true),
  /** Bounded queues are full. */
  OVERLOADED(true),
  /** The request's deadline passed. */
  DEADLINE_EXCEEDED(true),
  /** The caller left. */
  CANCELLED(false),
  /** Router logits of the request were not finite. */
  NON_FINITE(false),
  /** A fault of ours. */
  INTERNAL(true);

  private final boolean retryable;

  ErrorCode(boolean retryable) {
    this.retryable = retryable;
  }

  /** True if the same request may succeed later. */
  public boolean retryable() {
    return retryable;
  }
}
