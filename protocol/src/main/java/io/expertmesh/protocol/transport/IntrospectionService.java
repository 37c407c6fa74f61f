package io.expertmesh.protocol.transport;

import io.expertmesh.protocol.core.ServiceSnapshot;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.expertmesh.protocol.v1.IntrospectionGrpc;
import io.expertmesh.protocol.v1.ServiceStatus;
import io.expertmesh.protocol.v1.StatusRequest;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;

/** Answers what a {@link StatusBoard} says, with the facts of the process added. */
public final class IntrospectionService extends IntrospectionGrpc.IntrospectionImplBase {
  private static final Path PROCESS_STATUS = Path.of("/proc/self/status");

  private final StatusBoard board;

  public IntrospectionService(StatusBoard board) {
    this.board = Objects.requireNonNull(board, "board");
  }

  @Override
  public void status(StatusRequest request, StreamObserver<ServiceStatus> observer) {
    observer.onNext(toMessage(board.snapshot()));
    observer.onCompleted();
  }

  private static ServiceStatus toMessage(ServiceSnapshot snapshot) {
    return ServiceStatus.newBuilder()
        .setService(snapshot.service())
        .setInstance(snapshot.instance())
        .setPid(ProcessHandle.current().pid())
        .setState(toMessage(snapshot.state()))
        .setDetail(snapshot.detail())
        .setProgress(snapshot.progress())
        .setShard(snapshot.shard())
        .setModelId(snapshot.modelId())
        .setWeightsVersion(snapshot.weightsVersion())
        .setNumericsClass(snapshot.numericsClass())
        .setTokensTotal(snapshot.tokensTotal())
        .setTokensPerSecond(snapshot.tokensPerSecond())
        .setQueueDepth(snapshot.queueDepth())
        .setInFlight(snapshot.inFlight())
        .setP50Millis(snapshot.p50Millis())
        .setP99Millis(snapshot.p99Millis())
        .setResidentBytes(residentBytes())
        .setUptimeMillis(snapshot.uptimeMillis())
        .putAllCounters(snapshot.counters())
        .build();
  }

  private static io.expertmesh.protocol.v1.ServiceState toMessage(ServiceState state) {
    return switch (state) {
      case STARTING -> io.expertmesh.protocol.v1.ServiceState.SERVICE_STATE_STARTING;
      case LOADING -> io.expertmesh.protocol.v1.ServiceState.SERVICE_STATE_LOADING;
      case PACKING -> io.expertmesh.protocol.v1.ServiceState.SERVICE_STATE_PACKING;
      case SELF_TEST -> io.expertmesh.protocol.v1.ServiceState.SERVICE_STATE_SELF_TEST;
      case WAITING -> io.expertmesh.protocol.v1.ServiceState.SERVICE_STATE_WAITING;
      case READY -> io.expertmesh.protocol.v1.ServiceState.SERVICE_STATE_READY;
      case DRAINING -> io.expertmesh.protocol.v1.ServiceState.SERVICE_STATE_DRAINING;
      case FAILED -> io.expertmesh.protocol.v1.ServiceState.SERVICE_STATE_FAILED;
    };
  }

  /** Resident set of this process; 0 where the system does not tell. */
  private static long residentBytes() {
    try (Stream<String> lines = Files.lines(PROCESS_STATUS)) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }
}
