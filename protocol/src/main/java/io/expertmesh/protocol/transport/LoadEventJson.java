package io.expertmesh.protocol.transport;

import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.core.LoadEvent.ExpertTokens;
import java.io.ByteArrayOutputStream;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/** The JSON form of load events. Thread-safe. */
public final class LoadEventJson {
  /** An event of a shard with a thousand experts has some 30 kB. */
  private static final int MAX_BYTES = 1 << 20;

  private static final int MAX_TEXT = 512;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(4)
                  .maxStringLength(MAX_TEXT)
                  .maxNameLength(MAX_TEXT)
                  .maxDocumentLength(MAX_BYTES)
                  .build())
          .build();

  private LoadEventJson() {}

  /** Bytes that are no load event; the message says why. */
  public static final class MalformedEventException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedEventException(String sentence) {
      super(sentence);
    }
  }

  /** The event as UTF-8 JSON. */
  public static byte[] write(LoadEvent event) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    try (JsonGenerator out = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
      out.writeStartObject();
      out.writeNumberProperty("version", LoadEvent.VERSION);
      out.writeStringProperty("service", event.service());
      out.writeStringProperty("shard", event.shard());
      out.writeStringProperty("replica", event.replica());
      out.writeStringProperty("model", event.model());
      out.writeNumberProperty("sequence", event.sequence());
      out.writeNumberProperty("end_millis", event.endMillis());
      out.writeNumberProperty("interval_millis", event.intervalMillis());
      out.writeBooleanProperty("leaving", event.leaving());
      out.writeNumberProperty("tokens_in", event.tokensIn());
      out.writeNumberProperty("tokens_out", event.tokensOut());
      out.writeNumberProperty("batches", event.batches());
      out.writeNumberProperty("busy_seconds", event.busySeconds());
      out.writeNumberProperty("queue_mean_millis", event.queueMeanMillis());
      out.writeNumberProperty("queue_p99_millis", event.queueP99Millis());
      out.writeNumberProperty("in_flight_tokens", event.inFlightTokens());
      out.writeNumberProperty("shed", event.shed());
      Map<String, Long> experts = new TreeMap<>();
      for (ExpertTokens expert : event.experts()) {
        experts.put(expert.layer() + ":" + expert.expert(), expert.tokens());
      }
      counts(out, "experts", experts);
      counts(out, "parked", event.parked());
      counts(out, "tenants", event.tenants());
      out.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private static void counts(JsonGenerator out, String name, Map<String, Long> counts) {
    out.writeObjectPropertyStart(name);
    counts.forEach(out::writeNumberProperty);
    out.writeEndObject();
  }

  /**
   * Reads an event. Fields that a later writer may add are skipped.
   *
   * @throws MalformedEventException if a field is missing, of a wrong type or out of its range, or
   *     the version is another
   */
  public static LoadEvent read(byte[] json) throws MalformedEventException {
    try (JsonParser in = JSON.createParser(ObjectReadContext.empty(), json)) {
      return new LoadEventReader(in).event();
    } catch (JacksonException e) {
      throw new MalformedEventException("it is no JSON object: " + e.getOriginalMessage());
    }
  }
}
