package io.expertmesh.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.model.core.SafetensorsFile;
import io.expertmesh.protocol.v1.ServiceStatus;
import io.expertmesh.tests.support.Completions;
import io.expertmesh.tests.support.Logits;
import io.expertmesh.tests.support.MeshUnderTest;
import io.expertmesh.tests.support.OpenAiClient;
import io.expertmesh.tests.support.SharedMixtral;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** The experts that a mesh of real processes says its tokens have. */
class RoutingTest {
  private static final int LAYERS = 3;
  private static final int EXPERTS = 8;
  private static final int REQUESTS = 8;
  private static final int NEW_TOKENS = 24;

  @Test
  @ExtendWith(SharedMixtral.class)
  void expertsAndWeightsAreThoseThatTheReferencesRouterLogitsImply(MeshUnderTest mesh) {
    try (SafetensorsFile expected =
        SafetensorsFile.open(MeshUnderTest.golden("mixtral").resolve("expected.safetensors"))) {
      long[] ids = expected.longs("input_ids");
      int length = ids.length / 2;
      for (int row = 0; row < 2; row++) {
        List<Integer> prompt = Logits.ids(ids, row * length, length);
        JsonNode answer = mesh.client().post("/v1/routing", Map.of("prompt", prompt)).body();
        assertThat(answer.path("layers").size()).isEqualTo(LAYERS);
        assertThat(answer.path("tokens").size()).isEqualTo(length);
        for (int layer = 0; layer < LAYERS; layer++) {
          assertThat(answer.path("layers").path(layer).path("policy").asString())
              .isEqualTo("SoftmaxTopK");
          float[] logits = expected.floats("router_logits." + layer);
          for (int at = 0; at < length; at++) {
            assertMixtral(
                answer.path("tokens").path(at), layer, logits, (row * length + at) * EXPERTS);
          }
        }
      }
    }
  }

  private static void assertMixtral(JsonNode token, int layer, float[] logits, int offset) {
    List<Integer> best =
        IntStream.range(0, EXPERTS)
            .boxed()
            .sorted((a, b) -> Float.compare(logits[offset + b], logits[offset + a]))
            .limit(2)
            .sorted()
            .toList();
    assertThat(token.path("experts").path(layer).toString())
        .as("%s in layer %d", token, layer)
        .isEqualTo(best.toString().replace(" ", ""));
    double first = 1 / (1 + Math.exp(logits[offset + best.get(1)] - logits[offset + best.get(0)]));
    assertThat(token.path("weights").path(layer).path(0).asDouble()).isCloseTo(first, within(1e-4));
    assertThat(token.path("weights").path(layer).path(1).asDouble())
        .isCloseTo(1 - first, within(1e-4));
    assertThat(token.path("dropped").path(layer).isEmpty()).isTrue();
  }

  @Test
  void neighboursCachedPrefixesAndALostReplicaChangeNothing() throws Exception {
    try (MeshUnderTest mesh =
        MeshUnderTest.up(MeshUnderTest.bundledModel(), "--experts", "2", "--attention", "2")) {
      List<JsonNode> alone = new ArrayList<>();
      for (int i = 0; i < REQUESTS; i++) {
        JsonNode choice = ask(mesh.client(), i, true);
        assertThat(choice.path("routing").path("tokens").size())
            .isEqualTo(prompt(i).size() + NEW_TOKENS - 1);
        assertThat(ask(mesh.client(), i, false).path("logprobs"))
            .as("asking for routing changes no number")
            .isEqualTo(choice.path("logprobs"));
        alone.add(choice);
      }
      assertThat(together(mesh, true, () -> {}))
          .as("in a batch beside others, with prefixes cached")
          .isEqualTo(alone);
      assertThat(together(mesh, false, () -> killOneAtWork(mesh)))
          .as("an attention-service was killed meanwhile")
          .isEqualTo(alone);
    }
  }

  /** Kills an attention-service that has requests in flight and has computed some of them. */
  private static void killOneAtWork(MeshUnderTest mesh) {
    MeshUnderTest.Instance victim =
        mesh.instances().stream()
            .filter(i -> i.name().startsWith("attention"))
            .findFirst()
            .orElseThrow();
    long before = mesh.status(victim).getTokensTotal();
    long deadline = System.nanoTime() + 60_000_000_000L;
    ServiceStatus now = mesh.status(victim);
    while (now.getInFlight() == 0 || now.getTokensTotal() == before) {
      assertThat(System.nanoTime()).as("%s never got work", victim).isLessThan(deadline);
      now = mesh.status(victim);
    }
    mesh.signal(victim, "KILL");
  }

  /**
   * All requests at once.
   *
   * @param crowded whether each has one beside it that does not ask
   */
  private static List<JsonNode> together(MeshUnderTest mesh, boolean crowded, Runnable meanwhile)
      throws Exception {
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<JsonNode>> running = new ArrayList<>();
      List<Future<JsonNode>> beside = new ArrayList<>();
      for (int i = 0; i < REQUESTS; i++) {
        int request = i;
        running.add(executor.submit(() -> ask(mesh.client(), request, true)));
        if (crowded) {
          beside.add(executor.submit(() -> ask(mesh.client(), request, false)));
        }
      }
      meanwhile.run();
      List<JsonNode> answers = new ArrayList<>();
      for (Future<JsonNode> answer : running) {
        answers.add(answer.get());
      }
      for (Future<JsonNode> answer : beside) {
        assertThat(answer.get().path("routing").path("tokens").isEmpty()).isTrue();
      }
      return answers;
    }
  }

  private static JsonNode ask(OpenAiClient client, int request, boolean routing) {
    Map<String, Object> fields =
        new LinkedHashMap<>(
            Completions.generationFields(
                prompt(request),
                NEW_TOKENS,
                Map.of("temperature", 0.8, "seed", request, "return_routing", routing)));
    if (request % 2 == 0) {
      OpenAiClient.Answer answer = client.post("/v1/completions", fields);
      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
      return answer.body().path("choices").path(0);
    }
    return joined(client.stream("/v1/completions", fields));
  }

  /** The events of a stream as one choice. */
  private static JsonNode joined(List<JsonNode> events) {
    Map<String, List<Object>> logprobs = new HashMap<>();
    List<Object> tokens = new ArrayList<>();
    for (JsonNode event : events) {
      JsonNode choice = event.path("choices").path(0);
      choice.path("routing").path("tokens").forEach(tokens::add);
      for (Map.Entry<String, JsonNode> field : choice.path("logprobs").properties()) {
        List<Object> values = logprobs.computeIfAbsent(field.getKey(), _ -> new ArrayList<>());
        field.getValue().forEach(values::add);
      }
    }
    return new ObjectMapper()
        .valueToTree(Map.of("logprobs", logprobs, "routing", Map.of("tokens", tokens)));
  }

  private static List<Integer> prompt(int request) {
    return IntStream.range(0, 20 + 3 * request)
        .map(i -> 2 + (i * 31 + request * 7) % 4000)
        .boxed()
        .toList();
  }
}
