package io.expertmesh.autoscaler.transport;

import io.expertmesh.autoscaler.core.ShardView;
import io.expertmesh.autoscaler.core.Snapshot;
import io.expertmesh.protocol.externalscaler.ExternalScalerGrpc;
import io.expertmesh.protocol.externalscaler.GetMetricSpecResponse;
import io.expertmesh.protocol.externalscaler.GetMetricsRequest;
import io.expertmesh.protocol.externalscaler.GetMetricsResponse;
import io.expertmesh.protocol.externalscaler.IsActiveResponse;
import io.expertmesh.protocol.externalscaler.MetricSpec;
import io.expertmesh.protocol.externalscaler.MetricValue;
import io.expertmesh.protocol.externalscaler.ScaledObjectRef;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Objects;
import java.util.Optional;

/**
 * KEDA's external scaler. The metric is a shard's demand in busy replicas, its target the part of
 * its time that a replica should be busy; the HPA divides one by the other.
 *
 * <p>Everything is answered from the newest snapshot. {@code GetMetricSpec} depends on the metadata
 * alone, because KEDA asks it before every query and gives up the HPA if it fails. Numbers that are
 * too old are an error ({@code UNAVAILABLE}), never zero: KEDA then uses the fallback of the
 * ScaledObject. A stream stays open meanwhile and says nothing.
 */
public final class KedaScaler extends ExternalScalerGrpc.ExternalScalerImplBase {
  private final SnapshotBoard board;
  private final double target;

  /**
   * @param target part of its time that a replica should be busy, where a trigger names none
   */
  public KedaScaler(SnapshotBoard board, double target) {
    this.board = Objects.requireNonNull(board, "board");
    this.target = target;
  }

  @Override
  public void getMetricSpec(ScaledObjectRef ref, StreamObserver<GetMetricSpecResponse> observer) {
    answer(
        observer,
        () -> {
          TriggerMetadata trigger = trigger(ref);
          return GetMetricSpecResponse.newBuilder()
              .addMetricSpecs(
                  MetricSpec.newBuilder()
                      .setMetricName(trigger.metricName())
                      .setTargetSizeFloat(trigger.target()))
              .build();
        });
  }

  @Override
  public void getMetrics(GetMetricsRequest request, StreamObserver<GetMetricsResponse> observer) {
    answer(
        observer,
        () -> {
          TriggerMetadata trigger = trigger(request.getScaledObjectRef());
          if (!request.getMetricName().equals(trigger.metricName())) {
            throw Status.INVALID_ARGUMENT
                .withDescription(
                    "metricName is '"
                        + request.getMetricName()
                        + "', the metric of shard '"
                        + trigger.shard()
                        + "' is "
                        + trigger.metricName()
                        + ".")
                .asRuntimeException();
          }
          double demand = seen(trigger).map(ShardView::demand).orElse(0.0);
          return GetMetricsResponse.newBuilder()
              .addMetricValues(
                  MetricValue.newBuilder()
                      .setMetricName(trigger.metricName())
                      .setMetricValueFloat(demand))
              .build();
        });
  }

  @Override
  public void isActive(ScaledObjectRef ref, StreamObserver<IsActiveResponse> observer) {
    answer(observer, () -> active(seen(trigger(ref)).map(ShardView::active).orElse(false)));
  }

  @Override
  public void streamIsActive(ScaledObjectRef ref, StreamObserver<IsActiveResponse> observer) {
    TriggerMetadata trigger;
    try {
      trigger = trigger(ref);
    } catch (StatusRuntimeException e) {
      observer.onError(e);
      return;
    }
    ActivityStream stream =
        new ActivityStream(
            trigger.shard(), board, (ServerCallStreamObserver<IsActiveResponse>) observer);
    stream.open();
  }

  static IsActiveResponse active(boolean active) {
    return IsActiveResponse.newBuilder().setResult(active).build();
  }

  private TriggerMetadata trigger(ScaledObjectRef ref) {
    try {
      TriggerMetadata trigger = TriggerMetadata.of(ref.getScalerMetadataMap(), target);
      board.askFor(trigger.shard());
      return trigger;
    } catch (IllegalArgumentException e) {
      throw Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException();
    }
  }

  /** The shard as it was seen last; empty if no replica of it was ever heard of. */
  private Optional<ShardView> seen(TriggerMetadata trigger) {
    Snapshot snapshot = board.latest();
    if (snapshot.blind()) {
      throw Status.UNAVAILABLE
          .withDescription("No load events arrive, so the demand of a shard cannot be told.")
          .asRuntimeException();
    }
    Optional<ShardView> view = snapshot.shard(trigger.shard());
    view.filter(shard -> shard.load().silent() > 0)
        .ifPresent(
            shard -> {
              throw Status.UNAVAILABLE
                  .withDescription(
                      "%d of %d replicas of shard '%s' are silent, so its demand cannot be told."
                          .formatted(
                              shard.load().silent(), shard.load().replicas(), trigger.shard()))
                  .asRuntimeException();
            });
    return view;
  }

  /** One answer, or the error that kept it from being made. */
  private static <T> void answer(StreamObserver<T> observer, java.util.function.Supplier<T> made) {
    T answer;
    try {
      answer = made.get();
    } catch (StatusRuntimeException e) {
      observer.onError(e);
      return;
    }
    observer.onNext(answer);
    observer.onCompleted();
  }
}
