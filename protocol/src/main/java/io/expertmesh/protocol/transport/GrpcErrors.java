package io.expertmesh.protocol.transport;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import org.jspecify.annotations.Nullable;

/**
 * Carries a {@link MeshException} over gRPC: the nearest status, the sentence as its description,
 * and the exact code in the trailer {@code expertmesh-code}.
 */
public final class GrpcErrors {
  /** Trailer that holds the name of the {@link ErrorCode}. */
  public static final Metadata.Key<String> CODE =
      Metadata.Key.of("expertmesh-code", Metadata.ASCII_STRING_MARSHALLER);

  private GrpcErrors() {}

  /** The gRPC form of any failure; what is not a mesh or gRPC failure becomes INTERNAL. */
  public static StatusRuntimeException toGrpc(Throwable failure) {
    return switch (failure) {
      case StatusRuntimeException already -> already;
      case MeshException mesh -> toGrpc(mesh);
      default ->
          toGrpc(
              new MeshException(ErrorCode.INTERNAL, String.valueOf(failure.getMessage()), failure));
    };
  }

  private static StatusRuntimeException toGrpc(MeshException failure) {
    Metadata trailers = new Metadata();
    trailers.put(CODE, failure.code().name());
    return status(failure.code())
        .withDescription(failure.getMessage())
        .withCause(failure)
        .asRuntimeException(trailers);
  }

  /** The mesh form of what a gRPC call failed with. */
  public static MeshException fromGrpc(Throwable failure) {
    return switch (failure) {
      case MeshException mesh -> mesh;
      case StatusRuntimeException e -> fromGrpc(e.getStatus(), e.getTrailers(), e);
      case StatusException e -> fromGrpc(e.getStatus(), e.getTrailers(), e);
      default ->
          new MeshException(ErrorCode.INTERNAL, String.valueOf(failure.getMessage()), failure);
    };
  }

  private static MeshException fromGrpc(
      Status status, @Nullable Metadata trailers, Throwable cause) {
    String name = trailers == null ? null : trailers.get(CODE);
    String description = status.getDescription();
    return new MeshException(
        code(name, status), description == null ? status.getCode().name() : description, cause);
  }

  private static ErrorCode code(@Nullable String name, Status status) {
    for (ErrorCode code : ErrorCode.values()) {
      if (code.name().equals(name)) {
        return code;
      }
    }
    return switch (status.getCode()) {
      case INVALID_ARGUMENT, OUT_OF_RANGE, FAILED_PRECONDITION -> ErrorCode.INVALID_ARGUMENT;
      case DEADLINE_EXCEEDED -> ErrorCode.DEADLINE_EXCEEDED;
      case CANCELLED -> ErrorCode.CANCELLED;
      case RESOURCE_EXHAUSTED -> ErrorCode.OVERLOADED;
      case UNAVAILABLE -> ErrorCode.SERVICE_UNAVAILABLE;
      case OK,
          UNKNOWN,
          NOT_FOUND,
          ALREADY_EXISTS,
          PERMISSION_DENIED,
          ABORTED,
          UNIMPLEMENTED,
          INTERNAL,
          DATA_LOSS,
          UNAUTHENTICATED ->
          ErrorCode.INTERNAL;
    };
  }

  private static Status status(ErrorCode code) {
    return switch (code) {
      case INVALID_ARGUMENT, CONTEXT_LENGTH_EXCEEDED -> Status.INVALID_ARGUMENT;
      case EXPERT_UNAVAILABLE, SERVICE_UNAVAILABLE -> Status.UNAVAILABLE;
      case OVERLOADED -> Status.RESOURCE_EXHAUSTED;
      case DEADLINE_EXCEEDED -> Status.DEADLINE_EXCEEDED;
      case CANCELLED -> Status.CANCELLED;
      case NON_FINITE -> Status.DATA_LOSS;
      case INTERNAL -> Status.INTERNAL;
    };
  }
}
