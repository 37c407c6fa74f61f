package io.expertmesh.launcher.transport;

import io.expertmesh.launcher.core.LauncherException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Calls the mesh's REST API and hands on the text of streamed answers as it arrives. */
public final class RestClient implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration FIRST_BYTE = Duration.ofMinutes(10);
  private static final String EVENT = "data:";

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT).build();
  private final String url;

  /**
   * @param url of the API without a path, e.g. {@code http://127.0.0.1:8080}
   */
  public RestClient(String url) {
    this.url = Objects.requireNonNull(url, "url");
  }

  /** Streams a completion: {@code body} are the fields of the request. */
  public void complete(Map<String, Object> body, Consumer<String> text) {
    stream("/v1/completions", body, choice -> choice.path("text").asString(""), text);
  }

  /** Streams the next message of a conversation: {@code body} are the fields of the request. */
  public void chat(Map<String, Object> body, Consumer<String> text) {
    stream(
        "/v1/chat/completions",
        body,
        choice -> choice.path("delta").path("content").asString(""),
        text);
  }

  /**
   * Asks for a JSON document.
   *
   * @param path from the root, e.g. {@code /v1/scaling}
   */
  public JsonNode get(String path) {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url + path)).timeout(CONNECT).build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new LauncherException(refusal(response.statusCode(), response.body()));
      }
      return JSON.readTree(response.body());
    } catch (IOException | JacksonException e) {
      throw new LauncherException("No mesh answers at " + url + path + ".", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LauncherException("Interrupted while waiting for " + url, e);
    }
  }

  /**
   * Posts a JSON document and reads the whole answer.
   *
   * @param body the fields of the request
   */
  public JsonNode post(String path, Map<String, Object> body) {
    try {
      HttpResponse<String> response =
          http.send(request(path, body), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new LauncherException(refusal(response.statusCode(), response.body()));
      }
      return JSON.readTree(response.body());
    } catch (ConnectException e) {
      throw new LauncherException("No mesh answers at " + url + "; start one with ./mesh up.", e);
    } catch (IOException | JacksonException e) {
      throw new LauncherException("The answer of " + url + " broke off: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LauncherException("Interrupted while waiting for " + url, e);
    }
  }

  private HttpRequest request(String path, Map<String, Object> body) {
    return HttpRequest.newBuilder(URI.create(url + path))
        .timeout(FIRST_BYTE)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)))
        .build();
  }

  private void stream(
      String path, Map<String, Object> body, ChoiceText textOf, Consumer<String> text) {
    try {
      HttpResponse<Stream<String>> response =
          http.send(request(path, body), HttpResponse.BodyHandlers.ofLines());
      try (Stream<String> lines = response.body()) {
        if (response.statusCode() != 200) {
          throw new LauncherException(
              refusal(response.statusCode(), lines.collect(Collectors.joining("\n"))));
        }
        lines
            .filter(line -> line.startsWith(EVENT))
            .map(line -> line.substring(EVENT.length()).strip())
            .filter(data -> !data.equals("[DONE]"))
            .forEach(data -> accept(JSON.readTree(data), textOf, text));
      }
    } catch (ConnectException e) {
      throw new LauncherException("No mesh answers at " + url + "; start one with ./mesh up.", e);
    } catch (IOException e) {
      throw new LauncherException("The answer of " + url + " broke off: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LauncherException("Interrupted while waiting for " + url, e);
    }
  }

  private static void accept(JsonNode event, ChoiceText textOf, Consumer<String> text) {
    if (event.has("error")) {
      throw new LauncherException(sentence(event));
    }
    String piece = textOf.of(event.path("choices").path(0));
    if (!piece.isEmpty()) {
      text.accept(piece);
    }
  }

  private static String refusal(int status, String body) {
    try {
      return sentence(JSON.readTree(body));
    } catch (JacksonException e) {
      return "The gateway answered HTTP " + status + ".";
    }
  }

  private static String sentence(JsonNode answer) {
    return answer.path("error").path("message").asString("The gateway sent an error without text.");
  }

  @Override
  public void close() {
    http.shutdownNow();
  }

  /** Where the text is in one choice of a streamed event. */
  private interface ChoiceText {
    String of(JsonNode choice);
  }
}
