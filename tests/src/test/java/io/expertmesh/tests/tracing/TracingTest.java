package io.expertmesh.tests.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.tests.support.MeshUnderTest;
import io.expertmesh.tests.support.MeshUnderTest.Instance;
import io.expertmesh.tests.support.OtlpReceiver;
import io.expertmesh.tests.support.OtlpReceiver.Span;
import io.expertmesh.tests.support.SharedMixtral;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Traces of requests through a mesh of processes, as a collector receives them. */
@Timeout(300)
class TracingTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String CALLER = "b7ad6b7169203331";
  private static final int TOKENS = 5;
  private static final int PATIENCE_SECONDS = 60;
  private static final String CALL = "expertmesh.v1.Generation/Generate";

  @Test
  void aRequestIsOneTraceOverGatewayAndAttentionServiceInTheTraceOfItsCaller() throws Exception {
    try (OtlpReceiver collector = new OtlpReceiver();
        MeshUnderTest mesh =
            MeshUnderTest.up(
                MeshUnderTest.golden("mixtral"), environment(collector), "--experts", "2")) {
      assertThat(
              post(mesh, "{\"prompt\":[5,6,7],\"max_tokens\":" + TOKENS + ",\"ignore_eos\":true}"))
          .isEqualTo(200);
      Span server = await(collector, "gateway", "POST /v1/completions");
      Span call = await(collector, "gateway", CALL);
      Span work = await(collector, "attention-service", CALL);

      assertThat(List.of(server, call, work)).allMatch(span -> span.traceId().equals(TRACE));
      assertThat(server.parentId()).isEqualTo(CALLER);
      assertThat(call.parentId()).isEqualTo(server.spanId());
      assertThat(work.parentId()).isEqualTo(call.spanId());
      assertThat(server.attributes())
          .containsEntry("http.response.status_code", 200L)
          .containsEntry("expertmesh.tokens.prompt", 3L)
          .containsEntry("expertmesh.tokens.generated", (long) TOKENS)
          .containsEntry("expertmesh.outcome", "ok");
      assertThat(server.events()).containsExactly("first_token");
      assertThat(call.events()).containsExactly("first_token");
      assertThat(work.events()).containsExactly("admitted", "first_token");
      assertThat(work.attributes())
          .containsEntry("expertmesh.prefill.steps", 1L)
          .containsEntry("expertmesh.prefill.positions", 3L)
          .containsEntry("expertmesh.steps", (long) TOKENS)
          .containsEntry("expertmesh.outcome", "length");
      assertThat(List.of(server, call, work)).noneMatch(Span::failed);
      assertThat(collector.spans()).hasSize(3);

      assertThat(post(mesh, "{\"prompt\":[5],\"max_tokens\":100000}")).isEqualTo(400);
      Span refused = await(collector, 2, "gateway", "POST /v1/completions");
      assertThat(refused.failed()).isTrue();
      assertThat(refused.attributes())
          .containsEntry("http.response.status_code", 400L)
          .containsEntry("error.type", "invalid_request_error");
    }
  }

  private static Map<String, String> environment(OtlpReceiver collector) {
    Map<String, String> environment = new HashMap<>(MeshUnderTest.SHORT_LIVED);
    environment.putAll(collector.environment());
    return environment;
  }

  @Test
  @ExtendWith(SharedMixtral.class)
  void unlessAnEndpointIsNamedNoClassOfTheExporterIsLoaded(MeshUnderTest mesh) throws Exception {
    assertThat(post(mesh, "{\"prompt\":[5,6],\"max_tokens\":2}")).isEqualTo(200);
    for (Instance instance : mesh.instances()) {
      assertThat(classes(instance))
          .as(instance.name())
          .contains("io.expertmesh.")
          .doesNotContain("io.opentelemetry");
    }
  }

  private static String classes(Instance instance) throws IOException, InterruptedException {
    Process jcmd =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(instance.pid()),
                "VM.class_hierarchy")
            .redirectErrorStream(true)
            .start();
    String said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(jcmd.waitFor()).as(said).isZero();
    return said;
  }

  private static int post(MeshUnderTest mesh, String body) throws Exception {
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      return client
          .send(
              HttpRequest.newBuilder(mesh.url().resolve("/v1/completions"))
                  .header("Content-Type", "application/json")
                  .header("traceparent", "00-" + TRACE + "-" + CALLER + "-01")
                  .POST(HttpRequest.BodyPublishers.ofString(body))
                  .build(),
              HttpResponse.BodyHandlers.discarding())
          .statusCode();
    }
  }

  private static Span await(OtlpReceiver collector, String service, String name) {
    return await(collector, 1, service, name);
  }

  /** The last of so many spans of a name, once they are there. */
  private static Span await(OtlpReceiver collector, int count, String service, String name) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (System.nanoTime() < deadline) {
      List<Span> found =
          collector.spans().stream()
              .filter(span -> span.service().equals(service) && span.name().equals(name))
              .toList();
      if (found.size() >= count) {
        return found.get(count - 1);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
    throw new AssertionError("no span " + name + " of " + service + ": " + collector.spans());
  }
}
