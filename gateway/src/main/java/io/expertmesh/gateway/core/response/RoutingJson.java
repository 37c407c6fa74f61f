package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.RoutedLayer;
import io.expertmesh.gateway.core.generation.TokenRouting;
import io.expertmesh.gateway.core.text.TokenNames;
import java.util.List;
import java.util.function.IntConsumer;
import tools.jackson.core.JsonGenerator;

/** Writes the experts of tokens. */
final class RoutingJson {
  private RoutingJson() {}

  /** Writes the property {@code routing}; the layers stand beside the first token only. */
  static void property(
      JsonGenerator json, List<RoutedLayer> layers, List<RoutedToken> tokens, TokenNames names) {
    json.writeObjectPropertyStart("routing");
    if (tokens.isEmpty() || tokens.getFirst().position() == 0) {
      layers(json, layers);
    }
    tokens(json, layers.size(), tokens, names);
    json.writeEndObject();
  }

  static void layers(JsonGenerator json, List<RoutedLayer> layers) {
    json.writeArrayPropertyStart("layers");
    for (RoutedLayer layer : layers) {
      json.writeStartObject();
      json.writeNumberProperty("layer", layer.layer());
      json.writeNumberProperty("experts", layer.experts());
      json.writeStringProperty("policy", layer.policy());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  static void tokens(JsonGenerator json, int layers, List<RoutedToken> tokens, TokenNames names) {
    json.writeArrayPropertyStart("tokens");
    for (RoutedToken token : tokens) {
      TokenRouting routing = token.routing();
      json.writeStartObject();
      json.writeNumberProperty("position", token.position());
      json.writeNumberProperty("token_id", token.id());
      json.writeStringProperty("token", names.name(token.id()));
      perLayer(
          json, "experts", layers, routing.counts(), i -> json.writeNumber(routing.experts()[i]));
      perLayer(
          json, "weights", layers, routing.counts(), i -> json.writeNumber(routing.weights()[i]));
      perLayer(
          json,
          "dropped",
          layers,
          routing.droppedCounts(),
          i -> json.writeNumber(routing.dropped()[i]));
      perLayer(
          json,
          "dropped_weights",
          layers,
          routing.droppedCounts(),
          i -> json.writeNumber(routing.droppedWeights()[i]));
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /** One array per layer; empty ones where {@code counts} has no entry. */
  private static void perLayer(
      JsonGenerator json, String name, int layers, int[] counts, IntConsumer value) {
    json.writeArrayPropertyStart(name);
    int next = 0;
    for (int layer = 0; layer < layers; layer++) {
      json.writeStartArray();
      int end = next + (layer < counts.length ? counts[layer] : 0);
      for (; next < end; next++) {
        value.accept(next);
      }
      json.writeEndArray();
    }
    json.writeEndArray();
  }
}
