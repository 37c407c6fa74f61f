package io.expertmesh.protocol.transport;

import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.core.ServiceSnapshot;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * A board as metrics, in Prometheus' text format. They are made of its snapshot at the moment they
 * are asked for, so that nothing is counted twice, and hold counts and times only.
 */
public final class BoardMetrics {
  /** Media type of the text. */
  public static final String MEDIA_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private static final PrometheusTextFormatWriter WRITER = PrometheusTextFormatWriter.create();
  private static final double MILLI = 1e-3;

  private final StatusBoard board;

  public BoardMetrics(StatusBoard board) {
    this.board = Objects.requireNonNull(board, "board");
  }

  /** The text, as of now. */
  public byte[] text() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      WRITER.write(out, snapshots());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private MetricSnapshots snapshots() {
    ServiceSnapshot now = board.snapshot();
    Labels labels = Labels.of("service", now.service(), "shard", now.shard());
    MetricSnapshots.Builder all =
        MetricSnapshots.builder()
            .metricSnapshot(state(now.state(), labels))
            .metricSnapshot(gauge("queue_depth", "What waits", now.queueDepth(), labels))
            .metricSnapshot(gauge("in_flight", "What is worked on", now.inFlight(), labels))
            .metricSnapshot(
                gauge("load_progress", "Part of the weights loaded", now.progress(), labels))
            .metricSnapshot(
                gauge("uptime_seconds", "Since the start", now.uptimeMillis() * MILLI, labels))
            .metricSnapshot(
                counter("tokens", "Tokens worked off", (double) now.tokensTotal(), labels))
            .metricSnapshot(work(now, labels));
    Map<String, Long> counters = new TreeMap<>(now.counters());
    counters.forEach(
        (name, value) ->
            all.metricSnapshot(
                counter(metricName(name), "Counted by the service", value.doubleValue(), labels)));
    CounterSnapshot.Builder experts =
        CounterSnapshot.builder().name("expertmesh_expert_tokens").help("Tokens of each expert");
    for (LoadEvent.ExpertTokens expert : board.experts()) {
      experts.dataPoint(
          CounterDataPointSnapshot.builder()
              .value((double) expert.tokens())
              .labels(
                  labels.merge(
                      Labels.of(
                          "layer", Integer.toString(expert.layer()),
                          "expert", Integer.toString(expert.expert()))))
              .build());
    }
    return all.metricSnapshot(experts.build()).build();
  }

  /** Prometheus adds the suffix of counters itself. */
  private static String metricName(String counter) {
    String name = counter.replaceAll("[^a-zA-Z0-9_]", "_").toLowerCase(Locale.ROOT);
    return name.endsWith("_total") ? name.substring(0, name.length() - "_total".length()) : name;
  }

  private static GaugeSnapshot state(ServiceState now, Labels labels) {
    GaugeSnapshot.Builder states =
        GaugeSnapshot.builder().name("expertmesh_state").help("1 for the state the process is in");
    for (ServiceState state : ServiceState.values()) {
      states.dataPoint(
          GaugeDataPointSnapshot.builder()
              .value(state == now ? 1 : 0)
              .labels(labels.merge(Labels.of("state", state.name().toLowerCase(Locale.ROOT))))
              .build());
    }
    return states.build();
  }

  private static GaugeSnapshot gauge(String name, String help, double value, Labels labels) {
    return GaugeSnapshot.builder()
        .name("expertmesh_" + name)
        .help(help)
        .dataPoint(GaugeDataPointSnapshot.builder().value(value).labels(labels).build())
        .build();
  }

  private static CounterSnapshot counter(String name, String help, double value, Labels labels) {
    return CounterSnapshot.builder()
        .name("expertmesh_" + name)
        .help(help)
        .dataPoint(CounterDataPointSnapshot.builder().value(value).labels(labels).build())
        .build();
  }

  private static SummarySnapshot work(ServiceSnapshot now, Labels labels) {
    return SummarySnapshot.builder()
        .name("expertmesh_work_seconds")
        .help(
            "Time of a step (attention-service), a routed call (router-service) or a computed batch"
                + " (expert-service) over the last seconds")
        .dataPoint(
            SummaryDataPointSnapshot.builder()
                .quantiles(
                    Quantiles.of(
                        new Quantile(0.5, now.p50Millis() * MILLI),
                        new Quantile(0.99, now.p99Millis() * MILLI)))
                .labels(labels)
                .build())
        .build();
  }
}
