package io.expertmesh.gateway.core.request;

import io.expertmesh.protocol.core.MeshException;
import org.jspecify.annotations.Nullable;

/**
 * One error as OpenAI's API shapes it.
 *
 * @param status HTTP status
 * @param message a sentence for people; names the field and the limit
 * @param type OpenAI's class of error, for example {@code invalid_request_error}
 * @param param the request field at fault, null if none
 * @param code a stable word for programs, null if the type says it all
 * @param retryAfterSeconds seconds for the {@code Retry-After} header, 0 for none
 */
public record ApiError(
    int status,
    String message,
    String type,
    @Nullable String param,
    @Nullable String code,
    int retryAfterSeconds) {

  private static final String INVALID = "invalid_request_error";

  /** A 400 that names the field at fault. */
  public static ApiError invalid(@Nullable String param, String message) {
    return new ApiError(400, message, INVALID, param, null, 0);
  }

  /** A 400 with a code of its own. */
  public static ApiError invalid(@Nullable String param, String code, String message) {
    return new ApiError(400, message, INVALID, param, code, 0);
  }

  /** An error of the request as such (method, media type, size), without a field. */
  public static ApiError request(int status, String code, String message) {
    return new ApiError(status, message, INVALID, null, code, 0);
  }

  /** The model of the request is not the served one. */
  public static ApiError unknownModel(String wanted, String served) {
    return new ApiError(
        404,
        "The model '" + shorten(wanted) + "' does not exist; this gateway serves '" + served + "'.",
        INVALID,
        "model",
        "model_not_found",
        0);
  }

  /** The REST form of a failure inside the mesh. */
  public static ApiError of(MeshException failure) {
    String message = failure.getMessage() == null ? failure.code().name() : failure.getMessage();
    return switch (failure.code()) {
      case INVALID_ARGUMENT -> invalid(null, message);
      case CONTEXT_LENGTH_EXCEEDED -> invalid("prompt", "context_length_exceeded", message);
      case EXPERT_UNAVAILABLE -> server(503, "expert_unavailable", message, 1);
      case SERVICE_UNAVAILABLE -> server(503, "service_unavailable", message, 1);
      case OVERLOADED -> server(503, "overloaded", message, 1);
      case DEADLINE_EXCEEDED -> server(504, "deadline_exceeded", message, 0);
      case CANCELLED -> server(499, "cancelled", message, 0);
      case NON_FINITE -> server(500, "non_finite", message, 0);
      case INTERNAL -> server(500, "internal", message, 0);
    };
  }

  /** The text of a client's value, cut so that an error message stays readable. */
  public static String shorten(String value) {
    return value.length() <= 64 ? value : value.substring(0, 61) + "...";
  }

  private static ApiError server(int status, String code, String message, int retryAfterSeconds) {
    return new ApiError(status, message, "server_error", null, code, retryAfterSeconds);
  }
}
