package io.expertmesh.gateway.core.request;

import org.jspecify.annotations.Nullable;

/** A request that is answered with an error. Carries no stack trace: bad requests are ordinary. */
public final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient ApiError error;

  public ApiException(ApiError error) {
    super(error.message(), null, false, false);
    this.error = error;
  }

  /** A 400 that names the field. */
  public static ApiException invalid(@Nullable String param, String message) {
    return new ApiException(ApiError.invalid(param, message));
  }

  /** What the client is told. */
  public ApiError error() {
    return error;
  }
}
