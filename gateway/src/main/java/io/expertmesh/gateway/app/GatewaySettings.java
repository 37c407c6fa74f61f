package io.expertmesh.gateway.app;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Everything that can be configured, under {@code expertmesh}.
 *
 * @param model directory of the checkpoint, for tokenizer and chat template
 * @param modelUrl where tokenizer and chat template are fetched from to that directory; empty if
 *     they are there
 * @param modelId the name clients use; the directory's name if absent
 * @param grpc where status is served to the operator's tools
 */
@ConfigurationProperties("expertmesh")
public record GatewaySettings(
    @Nullable String model,
    @DefaultValue("") String modelUrl,
    @Nullable String modelId,
    @DefaultValue Grpc grpc,
    @DefaultValue Gateway gateway) {

  public GatewaySettings {
    if (model == null || model.isBlank()) {
      throw new IllegalArgumentException(
          "expertmesh.model is missing: the directory of the checkpoint");
    }
    if (modelUrl.isEmpty() && !Files.isDirectory(Path.of(model))) {
      throw new IllegalArgumentException("expertmesh.model: there is no directory " + model);
    }
  }

  /**
   * The status server.
   *
   * @param port 0 = none
   */
  public record Grpc(@DefaultValue("127.0.0.1") String host, @DefaultValue("0") int port) {}

  /**
   * The gateway proper.
   *
   * @param attention {@code host:port} of each attention replica
   * @param autoscaler {@code host:port} of the autoscaler's HTTP side, which {@code /v1/scaling} is
   *     handed on to; empty if there is none
   * @param pollMillis between questions to a replica whether it is ready
   * @param resumePatience how long an interrupted request waits for a replica to continue on
   * @param requestTimeout from the arrival of a request to its last token
   * @param writeTimeout how long a reader may take nothing before it is cut off
   * @param bodyTimeout how long a request's body may take to arrive
   * @param idleTimeout how long a connection may stay open between requests
   * @param nativeCache directory the native tokenizer library is unpacked into; empty = in the
   *     user's cache directory
   * @param tenantHeader header in which a trusted proxy names the tenant of a request; empty = none
   * @param tenants {@code name=SHA-256 of its API key}
   * @param threads workers that parse and tokenize; 0 = one per processor, at least two
   */
  public record Gateway(
      @DefaultValue List<String> attention,
      @DefaultValue("") String autoscaler,
      @DefaultValue("250") long pollMillis,
      @DefaultValue("10s") Duration resumePatience,
      @DefaultValue("600s") Duration requestTimeout,
      @DefaultValue("30s") Duration writeTimeout,
      @DefaultValue("30s") Duration bodyTimeout,
      @DefaultValue("120s") Duration idleTimeout,
      @DefaultValue("") String nativeCache,
      @DefaultValue("") String tenantHeader,
      @DefaultValue List<String> tenants,
      @DefaultValue("0") int threads,
      @DefaultValue Limits limits) {
    public Gateway {
      if (attention.isEmpty()) {
        throw new IllegalArgumentException(
            "expertmesh.gateway.attention is missing: host:port of each attention-service");
      }
      if (pollMillis < 10) {
        throw new IllegalArgumentException("expertmesh.gateway.poll-millis must be at least 10");
      }
    }
  }

  /**
   * Bounds on requests.
   *
   * @param bodyBytes of one body
   * @param drainBytes of a refused body that are read before the connection is cut
   * @param inFlight requests being worked on; more are answered 503
   * @param streamBytes of one stream that wait for a slow reader before it is cut
   * @param jsonDepth nesting of a body
   * @param jsonTokens values, names and brackets in a body
   * @param choices of {@code n}
   * @param generations prompts × n
   * @param stops stop strings
   * @param stopChars characters of one stop string
   * @param logitBias entries
   * @param logprobs alternatives per token, besides the model's own cap
   * @param scoredValues prompt tokens × alternatives when a prompt is scored
   * @param routedChoices tokens × experts per token over all layers, when routing is shown
   */
  public record Limits(
      @DefaultValue("8388608") int bodyBytes,
      @DefaultValue("67108864") long drainBytes,
      @DefaultValue("1024") int inFlight,
      @DefaultValue("1048576") long streamBytes,
      @DefaultValue("64") int jsonDepth,
      @DefaultValue("1000000") long jsonTokens,
      @DefaultValue("16") int choices,
      @DefaultValue("128") int generations,
      @DefaultValue("16") int stops,
      @DefaultValue("256") int stopChars,
      @DefaultValue("1024") int logitBias,
      @DefaultValue("1048576") int logprobs,
      @DefaultValue("4194304") long scoredValues,
      @DefaultValue("262144") long routedChoices) {}

  /** The checkpoint's directory. */
  Path modelDirectory() {
    return Path.of(model == null ? "" : model).toAbsolutePath().normalize();
  }

  /** The name clients use. */
  String servedName() {
    return modelId == null || modelId.isBlank()
        ? String.valueOf(modelDirectory().getFileName())
        : modelId;
  }
}
