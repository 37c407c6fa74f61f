package io.expertmesh.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.model.core.SafetensorsFile;
import io.expertmesh.tests.support.Completions;
import io.expertmesh.tests.support.Logits;
import io.expertmesh.tests.support.MeshUnderTest;
import io.expertmesh.tests.support.OpenAiClient;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** The bundled model through the whole mesh, against what the reference computes from it. */
class BundledModelFidelityTest {
  private static final JsonNode EXPECTED = read();

  @Test
  void withFp32ActivationsLogitsAndGreedyTokensAreTheReferences() {
    try (MeshUnderTest mesh =
            MeshUnderTest.up(MeshUnderTest.bundledModel(), "--experts", "2", "--dtype", "f32");
        SafetensorsFile logits =
            SafetensorsFile.open(MeshUnderTest.bundledModel().resolve("expected.safetensors"))) {
      int k = 0;
      for (JsonNode prompt : EXPECTED.path("prompts")) {
        List<Integer> ids = ints(prompt.path("prompt_ids"));
        float[] reference = logits.floats("logits." + k++);
        int vocabulary = reference.length / ids.size();
        float[][] scored = Completions.scorePrompt(mesh.client(), ids, vocabulary);
        for (int i = 0; i < scored.length; i++) {
          assertThat(Logits.maxDifference(scored[i], reference, i * vocabulary))
              .as("prompt %d, position %d", k - 1, i)
              .isLessThanOrEqualTo(1e-4);
        }
        List<Integer> greedy = ints(prompt.path("greedy_ids"));
        Completions.Continuation continuation =
            Completions.greedy(mesh.client(), ids, greedy.size());
        assertThat(continuation.ids()).isEqualTo(greedy);
        for (int i = 0; i < greedy.size(); i++) {
          assertThat((double) continuation.logprobs().get(i))
              .isCloseTo(prompt.path("greedy_logprobs").path(i).asDouble(), within(1e-4));
        }
      }
      assertThat(k).isGreaterThanOrEqualTo(3);
    }
  }

  @Test
  void perplexityIsWithinHalfAPercentOfTheReferencesAndTextIsServed() {
    try (MeshUnderTest mesh = MeshUnderTest.up(MeshUnderTest.bundledModel());
        SafetensorsFile data =
            SafetensorsFile.open(MeshUnderTest.bundledModel().resolve("expected.safetensors"))) {
      int[] ids = data.ints("perplexity_ids");
      int window = 257;
      double sum = 0;
      int count = 0;
      for (int from = 0; from < ids.length; from += window) {
        List<Integer> prompt = new ArrayList<>();
        for (int i = 0; i < window; i++) {
          prompt.add(ids[from + i]);
        }
        OpenAiClient.Answer answer =
            mesh.client()
                .post(
                    "/v1/completions",
                    Map.of("prompt", prompt, "max_tokens", 0, "echo", true, "logprobs", 0));
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        JsonNode values =
            answer.body().path("choices").path(0).path("logprobs").path("token_logprobs");
        assertThat(values.size()).isEqualTo(window);
        for (int i = 1; i < window; i++) {
          sum -= values.path(i).asDouble();
          count++;
        }
      }
      double reference = EXPECTED.path("perplexity").path("bf16").asDouble();
      assertThat(Math.exp(sum / count)).isCloseTo(reference, within(reference * 0.005));

      JsonNode prompt = EXPECTED.path("prompts").path(0);
      OpenAiClient.Answer tokens =
          mesh.client().post("/tokenize", Map.of("prompt", prompt.path("prompt").asString()));
      assertThat(ints(tokens.body().path("tokens")))
          .isSubsetOf(ints(prompt.path("prompt_ids")))
          .isNotEmpty();
      OpenAiClient.Answer answer =
          mesh.client()
              .post(
                  "/v1/completions",
                  Map.of(
                      "prompt",
                      prompt.path("prompt").asString(),
                      "max_tokens",
                      8,
                      "temperature",
                      0));
      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
      assertThat(answer.body().path("choices").path(0).path("text").asString()).isNotBlank();
    }
  }

  private static List<Integer> ints(JsonNode array) {
    List<Integer> values = new ArrayList<>();
    array.forEach(node -> values.add(node.asInt()));
    return values;
  }

  private static JsonNode read() {
    try {
      return new ObjectMapper()
          .readTree(Files.readString(MeshUnderTest.bundledModel().resolve("expected.json")));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
