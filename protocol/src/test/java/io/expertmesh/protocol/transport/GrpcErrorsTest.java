package io.expertmesh.protocol.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GrpcErrorsTest {
  @ParameterizedTest
  @EnumSource
  void everyCodeSurvivesTheWay(ErrorCode code) {
    MeshException back =
        GrpcErrors.fromGrpc(GrpcErrors.toGrpc(new MeshException(code, "max_tokens is 0")));

    assertThat(back.code()).isEqualTo(code);
    assertThat(back).hasMessage("max_tokens is 0");
  }

  @Test
  void aStatusOfAForeignServerBecomesTheNearestCode() {
    assertThat(GrpcErrors.fromGrpc(Status.UNAVAILABLE.asException()).code())
        .isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
    assertThat(GrpcErrors.fromGrpc(Status.UNKNOWN.asRuntimeException()).code())
        .isEqualTo(ErrorCode.INTERNAL);
  }

  @Test
  void anythingElseIsAFaultOfOurs() {
    assertThat(GrpcErrors.toGrpc(new IllegalStateException("page 3 is free twice")).getStatus())
        .satisfies(
            status -> {
              assertThat(status.getCode()).isEqualTo(Status.Code.INTERNAL);
              assertThat(status.getDescription()).isEqualTo("page 3 is free twice");
            });
  }
}
