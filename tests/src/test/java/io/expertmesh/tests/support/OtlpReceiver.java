package io.expertmesh.tests.support;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A collector: takes spans over OTLP (HTTP, protobuf) and keeps them. Reads the fields by their
 * numbers in opentelemetry/proto/trace/v1/trace.proto.
 */
public final class OtlpReceiver implements AutoCloseable {
  private final HttpServer server;
  private final Queue<byte[]> bodies = new ConcurrentLinkedQueue<>();

  /**
   * One span.
   *
   * @param service name of the service that told it
   * @param attributes numbers and words by key
   * @param events names in order
   * @param failed whether its status is an error
   */
  public record Span(
      String service,
      String traceId,
      String spanId,
      String parentId,
      String name,
      Map<String, Object> attributes,
      List<String> events,
      boolean failed) {}

  /** Listens on a free port. */
  public OtlpReceiver() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/traces",
        exchange -> {
          bodies.add(exchange.getRequestBody().readAllBytes());
          exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
  }

  /** With what processes are told to send here, and soon. */
  public Map<String, String> environment() {
    return Map.of(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "http://127.0.0.1:" + server.getAddress().getPort(),
        "OTEL_BSP_SCHEDULE_DELAY",
        "100");
  }

  /** All that was received, as text in which any text of it can be found. */
  public String text() {
    StringBuilder text = new StringBuilder();
    bodies.forEach(body -> text.append(new String(body, StandardCharsets.ISO_8859_1)).append('\n'));
    spans().forEach(span -> text.append(span).append('\n'));
    return text.toString();
  }

  /** The spans so far. */
  public List<Span> spans() {
    List<Span> spans = new ArrayList<>();
    for (byte[] body : bodies) {
      for (UnknownFieldSet resourceSpans : messages(parse(body), 1)) {
        Map<String, Object> resource = new TreeMap<>();
        messages(resourceSpans, 1).forEach(r -> resource.putAll(attributes(r, 1)));
        String service = String.valueOf(resource.get("service.name"));
        messages(resourceSpans, 2)
            .forEach(scope -> messages(scope, 2).forEach(span -> spans.add(span(service, span))));
      }
    }
    return spans;
  }

  private static Span span(String service, UnknownFieldSet span) {
    return new Span(
        service,
        hex(span, 1),
        hex(span, 2),
        hex(span, 4),
        text(span, 5),
        attributes(span, 9),
        messages(span, 11).stream().map(event -> text(event, 2)).toList(),
        messages(span, 15).stream()
            .anyMatch(status -> status.getField(3).getVarintList().contains(2L)));
  }

  private static Map<String, Object> attributes(UnknownFieldSet message, int field) {
    Map<String, Object> attributes = new TreeMap<>();
    for (UnknownFieldSet pair : messages(message, field)) {
      UnknownFieldSet value = messages(pair, 2).getFirst();
      attributes.put(
          text(pair, 1),
          value.hasField(3) ? value.getField(3).getVarintList().getFirst() : text(value, 1));
    }
    return attributes;
  }

  private static List<UnknownFieldSet> messages(UnknownFieldSet message, int field) {
    return message.getField(field).getLengthDelimitedList().stream()
        .map(bytes -> parse(bytes.toByteArray()))
        .toList();
  }

  private static String text(UnknownFieldSet message, int field) {
    List<ByteString> values = message.getField(field).getLengthDelimitedList();
    return values.isEmpty() ? "" : values.getFirst().toStringUtf8();
  }

  private static String hex(UnknownFieldSet message, int field) {
    List<ByteString> values = message.getField(field).getLengthDelimitedList();
    return values.isEmpty() ? "" : HexFormat.of().formatHex(values.getFirst().toByteArray());
  }

  private static UnknownFieldSet parse(byte[] bytes) {
    try {
      return UnknownFieldSet.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("no protobuf message", e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
