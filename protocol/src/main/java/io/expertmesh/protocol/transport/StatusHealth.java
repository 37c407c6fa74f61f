package io.expertmesh.protocol.transport;

import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;

/**
 * The standard gRPC health service, for the whole server: SERVING only while the board says READY.
 */
public final class StatusHealth {
  private StatusHealth() {}

  /** Health that follows a board from now on. */
  public static BindableService of(StatusBoard board) {
    HealthStatusManager health = new HealthStatusManager();
    board.onState(
        state ->
            health.setStatus(
                HealthStatusManager.SERVICE_NAME_ALL_SERVICES,
                state == ServiceState.READY ? ServingStatus.SERVING : ServingStatus.NOT_SERVING));
    return health.getHealthService();
  }
}
