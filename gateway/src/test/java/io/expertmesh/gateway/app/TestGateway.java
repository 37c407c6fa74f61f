package io.expertmesh.gateway.app;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The gateway as it runs, on a free port, in front of {@link TestGeneration} replicas. */
final class TestGateway implements AutoCloseable {
  static final JsonMapper JSON = new JsonMapper();
  static final String TINY_MOE = "../models/tiny-moe";

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  final int port;
  private final ConfigurableApplicationContext context;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  TestGateway(String modelDirectory, List<TestGeneration> replicas, String... more) {
    this(
        modelDirectory,
        String.join(",", replicas.stream().map(TestGeneration::address).toList()),
        more);
  }

  TestGateway(String modelDirectory, String attention, String... more) {
    List<String> arguments = new ArrayList<>();
    arguments.add("--server.port=0");
    arguments.add("--expertmesh.model=" + modelDirectory);
    arguments.add("--expertmesh.gateway.poll-millis=20");
    arguments.add("--expertmesh.gateway.attention=" + attention);
    arguments.addAll(Arrays.asList(more));
    context = GatewayApplication.start(arguments.toArray(String[]::new));
    WebServerApplicationContext web = (WebServerApplicationContext) context;
    port = Objects.requireNonNull(web.getWebServer()).getPort();
  }

  /** Asks until the gateway says it is ready. */
  TestGateway awaitReady() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (get("/health/ready").statusCode() != 200) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not ready: " + get("/health/ready").body());
      }
    }
    return this;
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(uri(path)).timeout(PATIENCE).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
    return post(path, HttpRequest.BodyPublishers.ofString(body));
  }

  HttpResponse<String> post(String path, HttpRequest.BodyPublisher body)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(uri(path))
            .timeout(PATIENCE)
            .header("Content-Type", "application/json")
            .POST(body)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** The JSON answer of a request that must succeed. */
  JsonNode ok(String path, String body) throws IOException, InterruptedException {
    HttpResponse<String> response = post(path, body);
    if (response.statusCode() != 200) {
      throw new AssertionError(response.statusCode() + " " + response.body());
    }
    return JSON.readTree(response.body());
  }

  /** The events of a stream that must succeed, without the closing mark, which must be there. */
  List<JsonNode> events(String path, String body) throws IOException, InterruptedException {
    HttpResponse<String> response = post(path, body);
    List<String> events =
        response.body().lines().filter(line -> line.startsWith("data: ")).toList();
    if (response.statusCode() != 200 || !events.getLast().equals("data: [DONE]")) {
      throw new AssertionError(response.statusCode() + " " + response.body());
    }
    return events.subList(0, events.size() - 1).stream()
        .map(event -> JSON.readTree(event.substring(6)))
        .toList();
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  @Override
  public void close() {
    context.close();
  }
}
