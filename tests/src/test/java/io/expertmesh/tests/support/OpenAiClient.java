package io.expertmesh.tests.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * What a product backend does: JSON over HTTP to the gateway, with the answers read as they come.
 */
public final class OpenAiClient implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI base;

  public OpenAiClient(URI base) {
    this.base = base;
  }

  /** Status and parsed body (missing where the body is not JSON) of one call. */
  public record Answer(int status, JsonNode body, String text, Map<String, List<String>> headers) {}

  /** Posts a JSON object made of {@code fields}. */
  public Answer post(String path, Map<String, ?> fields) {
    return postRaw(path, JSON.writeValueAsBytes(fields));
  }

  /** Posts bytes as they are, declared as JSON. */
  public Answer postRaw(String path, byte[] body) {
    return send(
        HttpRequest.newBuilder(base.resolve(path))
            .timeout(Duration.ofMinutes(3))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build());
  }

  /** Gets a path. */
  public Answer get(String path) {
    return send(
        HttpRequest.newBuilder(base.resolve(path)).timeout(Duration.ofMinutes(1)).GET().build());
  }

  /**
   * Posts with {@code "stream": true} and hands over the data of each server-sent event, without
   * the closing [DONE].
   */
  public List<JsonNode> stream(String path, Map<String, ?> fields) {
    Map<String, Object> body = new LinkedHashMap<>(fields);
    body.put("stream", true);
    HttpRequest request =
        HttpRequest.newBuilder(base.resolve(path))
            .timeout(Duration.ofMinutes(3))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
            .build();
    try (Stream<String> lines = http.send(request, HttpResponse.BodyHandlers.ofLines()).body()) {
      List<JsonNode> events = new ArrayList<>();
      boolean done = false;
      for (String line : (Iterable<String>) lines::iterator) {
        if (line.equals("data: [DONE]") || line.equals("data:[DONE]")) {
          done = true;
        } else if (line.startsWith("data:")) {
          events.add(JSON.readTree(line.substring("data:".length())));
        }
      }
      if (!done) {
        throw new AssertionError("the stream ended without [DONE]: " + events);
      }
      return events;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private Answer send(HttpRequest request) {
    try {
      HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
      String text = new String(response.body(), StandardCharsets.UTF_8);
      boolean json = response.headers().firstValue("content-type").orElse("").contains("json");
      JsonNode body = json ? JSON.readTree(response.body()) : JSON.missingNode();
      return new Answer(response.statusCode(), body, text, response.headers().map());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
