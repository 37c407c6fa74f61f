package io.expertmesh.launcher.transport;

import io.expertmesh.launcher.core.PromptRouting;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Asks {@code /v1/routing} which experts a prompt's tokens have. */
public final class RoutingAnswer {
  private RoutingAnswer() {}

  /** The answer to a request of these fields. */
  public static PromptRouting ask(RestClient client, Map<String, Object> body) {
    JsonNode answer = client.post("/v1/routing", body);
    List<PromptRouting.Layer> layers = new ArrayList<>();
    for (JsonNode layer : answer.path("layers")) {
      layers.add(
          new PromptRouting.Layer(
              layer.path("layer").asInt(),
              layer.path("experts").asInt(),
              layer.path("policy").asString("")));
    }
    List<PromptRouting.Token> tokens = new ArrayList<>();
    for (JsonNode token : answer.path("tokens")) {
      tokens.add(
          new PromptRouting.Token(
              token.path("token").asString(""),
              ints(token.path("experts")),
              floats(token.path("weights")),
              ints(token.path("dropped"))));
    }
    return new PromptRouting(layers, tokens);
  }

  private static List<int[]> ints(JsonNode perLayer) {
    List<int[]> all = new ArrayList<>();
    for (JsonNode values : perLayer) {
      int[] ints = new int[values.size()];
      for (int i = 0; i < ints.length; i++) {
        ints[i] = values.path(i).asInt();
      }
      all.add(ints);
    }
    return all;
  }

  private static List<float[]> floats(JsonNode perLayer) {
    List<float[]> all = new ArrayList<>();
    for (JsonNode values : perLayer) {
      float[] floats = new float[values.size()];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) values.path(i).asDouble();
      }
      all.add(floats);
    }
    return all;
  }
}
