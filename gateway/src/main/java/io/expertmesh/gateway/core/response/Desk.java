package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.ReplicaBoard;
import io.expertmesh.gateway.core.generation.ReplicaDescription;
import io.expertmesh.gateway.core.request.ApiError;
import io.expertmesh.gateway.core.request.ApiException;
import io.expertmesh.gateway.core.request.BodyParser;
import io.expertmesh.gateway.core.request.ChatParser;
import io.expertmesh.gateway.core.request.CompletionParser;
import io.expertmesh.gateway.core.request.GenerationRequest;
import io.expertmesh.gateway.core.request.ModelCard;
import io.expertmesh.gateway.core.request.RequestLimits;
import io.expertmesh.gateway.core.request.RoutingParser;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;
import tools.jackson.databind.JsonNode;

/** From the bytes of a request to a plan, with the model as the replicas describe it now. */
public final class Desk {
  private final String modelId;
  private final ReplicaBoard board;
  private final TextSide text;
  private final BodyParser bodies;
  private final CompletionParser completions;
  private final ChatParser chats;
  private final AnswerPlanner planner;
  private final InstantSource time;

  /**
   * @param modelId the name clients use
   * @param random seeds and ids
   */
  public Desk(
      String modelId,
      ReplicaBoard board,
      TextSide text,
      RequestLimits limits,
      InstantSource time,
      LongSupplier random) {
    this.modelId = modelId;
    this.board = board;
    this.text = text;
    this.bodies = new BodyParser(limits);
    this.completions = new CompletionParser(limits);
    this.chats = new ChatParser(limits);
    this.planner = new AnswerPlanner(text, limits, random);
    this.time = time;
  }

  /** The name clients use. */
  public String modelId() {
    return modelId;
  }

  /** The text side of the model. */
  public TextSide text() {
    return text;
  }

  /**
   * The served model.
   *
   * @throws ApiException 503 while no attention replica has described it
   */
  public ModelCard model() {
    ReplicaDescription known = board.description();
    if (known == null) {
      throw new ApiException(
          ApiError.of(
              new MeshException(
                  ErrorCode.SERVICE_UNAVAILABLE, "The model is not ready: " + board.trouble())));
    }
    return new ModelCard(
        modelId,
        known.vocabSize(),
        known.maxContext(),
        known.maxLogprobs(),
        known.eosIds(),
        known.routedLayers());
  }

  /** Any JSON body. */
  public JsonNode json(byte[] body) {
    return bodies.parse(body);
  }

  /**
   * The plan of a generating request.
   *
   * @param tenant whose request it is; may be empty
   * @param deadlineNanos on the clock of {@code System.nanoTime}
   * @throws ApiException naming what is wrong
   */
  public AnswerPlan plan(
      GenerationRequest.Api api, byte[] body, String tenant, long deadlineNanos) {
    JsonNode json = bodies.parse(body);
    ModelCard model = model();
    GenerationRequest request =
        switch (api) {
          case COMPLETIONS -> completions.parse(json, model);
          case CHAT -> chats.parse(json, model);
          case ROUTING -> RoutingParser.parse(json, model);
        };
    Instant now = time.instant();
    return planner.plan(request, model, tenant, now.getEpochSecond(), deadlineNanos);
  }
}
