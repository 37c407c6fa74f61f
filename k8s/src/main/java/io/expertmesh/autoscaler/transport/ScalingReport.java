package io.expertmesh.autoscaler.transport;

import io.expertmesh.autoscaler.core.ShardLoad;
import io.expertmesh.autoscaler.core.ShardView;
import io.expertmesh.autoscaler.core.Snapshot;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** A snapshot for people and tools: as JSON, and as metrics in Prometheus' text format. */
final class ScalingReport {
  private static final JsonFactory JSON = new JsonFactory();

  private ScalingReport() {}

  /** The whole snapshot as JSON. */
  static byte[] json(Snapshot snapshot) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(4096);
    try (JsonGenerator out = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
      out.writeStartObject();
      out.writeNumberProperty("at_millis", snapshot.atMillis());
      out.writeBooleanProperty("blind", snapshot.blind());
      out.writeObjectPropertyStart("tenant_shares");
      snapshot.tenantShares().forEach(out::writeNumberProperty);
      out.writeEndObject();
      out.writeArrayPropertyStart("shards");
      snapshot.views().forEach(view -> shard(out, view));
      out.writeEndArray();
      out.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private static void shard(JsonGenerator out, ShardView view) {
    ShardLoad load = view.load();
    out.writeStartObject();
    out.writeStringProperty("shard", load.shard());
    if (view.decision().known()) {
      out.writeNumberProperty("wanted", view.decision().wanted());
    } else {
      out.writeNullProperty("wanted");
    }
    out.writeNumberProperty("replicas", load.replicas());
    out.writeNumberProperty("leaving", load.leaving());
    out.writeNumberProperty("silent", load.silent());
    out.writeNumberProperty("min", view.policy().min());
    out.writeNumberProperty("max", view.policy().max());
    out.writeNumberProperty("target", view.policy().target());
    out.writeNumberProperty("demand", view.demand());
    out.writeNumberProperty("demand_without_caps", load.demand());
    out.writeNumberProperty("utilisation", load.utilisation());
    out.writeNumberProperty("tokens_per_second", load.tokensPerSecond());
    out.writeNumberProperty("seconds_per_token", load.secondsPerToken());
    out.writeNumberProperty("queued_tokens", load.queuedTokens());
    out.writeNumberProperty("queue_mean_millis", load.queueMeanMillis());
    out.writeNumberProperty("queue_p99_millis", load.queueP99Millis());
    out.writeNumberProperty("shed_per_second", load.shedPerSecond());
    out.writeNumberProperty("parked_per_second", load.parkedPerSecond());
    out.writeNumberProperty("idle_millis", load.idleMillis());
    out.writeStringProperty("reason", view.decision().reason());
    out.writeObjectPropertyStart("experts");
    new TreeMap<>(load.experts()).forEach(out::writeNumberProperty);
    out.writeEndObject();
    out.writeEndObject();
  }

  /** Gauges of every shard. */
  static byte[] metrics(Snapshot snapshot) {
    StringBuilder text = new StringBuilder();
    text.append("# TYPE expertmesh_autoscaler_blind gauge\nexpertmesh_autoscaler_blind ")
        .append(snapshot.blind() ? 1 : 0)
        .append('\n');
    gauge(text, snapshot, "wanted_replicas", v -> Math.max(0, v.decision().wanted()));
    gauge(text, snapshot, "replicas", v -> v.load().replicas());
    gauge(text, snapshot, "demand", ShardView::demand);
    gauge(text, snapshot, "utilisation", v -> v.load().utilisation());
    gauge(text, snapshot, "tokens_per_second", v -> v.load().tokensPerSecond());
    gauge(text, snapshot, "queued_tokens", v -> v.load().queuedTokens());
    gauge(text, snapshot, "queue_p99_millis", v -> v.load().queueP99Millis());
    gauge(text, snapshot, "parked_per_second", v -> v.load().parkedPerSecond());
    text.append("# TYPE expertmesh_expert_tokens_per_second gauge\n");
    for (ShardView view : snapshot.views()) {
      new TreeMap<>(view.load().experts())
          .forEach(
              (name, rate) ->
                  text.append(
                      String.format(
                          Locale.ROOT,
                          "expertmesh_expert_tokens_per_second{shard=\"%s\",layer=\"%s\","
                              + "expert=\"%s\"} %s%n",
                          escaped(view.load().shard()),
                          name.substring(0, name.indexOf(':')),
                          name.substring(name.indexOf(':') + 1),
                          rate)));
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void gauge(
      StringBuilder text, Snapshot snapshot, String name, ToDoubleFunction<ShardView> value) {
    text.append("# TYPE expertmesh_shard_").append(name).append(" gauge\n");
    for (ShardView view : snapshot.views()) {
      text.append("expertmesh_shard_")
          .append(name)
          .append("{shard=\"")
          .append(escaped(view.load().shard()))
          .append("\"} ")
          .append(value.applyAsDouble(view))
          .append('\n');
    }
  }

  private static String escaped(String label) {
    return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }
}
