package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.text.TokenNames;
import java.util.List;

/** Answers of {@code /v1/routing}: one prompt, nothing generated, never streamed. */
final class RoutingFormat implements AnswerFormat {
  private final AnswerHead head;
  private final TokenNames names;

  RoutingFormat(AnswerHead head, TokenNames names) {
    this.head = head;
    this.names = names;
  }

  @Override
  public List<byte[]> opening(int choice) {
    throw new IllegalStateException("routing is not streamed");
  }

  @Override
  public byte[] chunk(int choice, ChoiceDelta delta) {
    throw new IllegalStateException("routing is not streamed");
  }

  @Override
  public byte[] usage(Usage usage) {
    throw new IllegalStateException("routing is not streamed");
  }

  @Override
  public byte[] whole(List<ChoiceText> choices, Usage usage) {
    return Json.object(
        json -> {
          json.writeStringProperty("id", head.id());
          json.writeStringProperty("object", "routing");
          json.writeNumberProperty("created", head.created());
          json.writeStringProperty("model", head.model());
          RoutingJson.layers(json, head.routedLayers());
          RoutingJson.tokens(json, head.routedLayers().size(), choices.getFirst().routing(), names);
          Json.usage(json, usage);
        });
  }
}
