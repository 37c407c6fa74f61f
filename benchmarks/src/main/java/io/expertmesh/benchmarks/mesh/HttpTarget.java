package io.expertmesh.benchmarks.mesh;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.stream.Stream;

/** The mesh as its users see it: streaming completions over HTTP. */
public final class HttpTarget implements LoadTarget {
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI completions;

  /**
   * @param base address of a gateway, for example {@code http://127.0.0.1:8080}
   */
  public HttpTarget(URI base) {
    this.completions = base.resolve("/v1/completions");
  }

  @Override
  public void generate(int[] prompt, int maxTokens, Runnable onToken) throws Exception {
    String body =
        "{\"prompt\":"
            + Arrays.toString(prompt)
            + ",\"max_tokens\":"
            + maxTokens
            + ",\"temperature\":0,\"ignore_eos\":true,\"stream\":true}";
    HttpRequest request =
        HttpRequest.newBuilder(completions)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<Stream<String>> response = http.send(request, HttpResponse.BodyHandlers.ofLines());
    boolean done = false;
    try (Stream<String> lines = response.body()) {
      for (String line : (Iterable<String>) lines::iterator) {
        if (line.startsWith("data:") && line.contains("[DONE]")) {
          done = true;
        } else if (line.startsWith("data:")
            && line.contains("\"text\":\"")
            && !line.contains("\"text\":\"\"")) {
          onToken.run();
        } else if (line.contains("\"error\"")) {
          throw new IllegalStateException(line);
        }
      }
    }
    if (response.statusCode() != 200 || !done) {
      throw new IllegalStateException(
          "HTTP " + response.statusCode() + ", stream complete: " + done);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
