package io.expertmesh.attention.app;

import io.expertmesh.attention.core.EngineSettings;
import io.expertmesh.attention.core.MicroBatchMode;
import io.expertmesh.attention.core.SchedulerLimits;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.HostPort;
import io.expertmesh.protocol.core.MeshException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Configuration of the process.
 *
 * @param model directory of the checkpoint
 * @param modelUrl where all but gates and experts is fetched from to that directory; empty if it is
 *     there
 * @param modelId name that the model is served under; the directory's name if empty
 * @param provider kernels: auto, scalar, vector or onednn
 * @param dtype type of activations: auto (as the checkpoint), f32 or bf16
 * @param threads threads that compute; 0 for as many as there are cores
 * @param helpers further threads of low priority, which compute on cores that would be idle
 */
@ConfigurationProperties("expertmesh")
record AttentionProperties(
    @DefaultValue("") String model,
    @DefaultValue("") String modelUrl,
    @DefaultValue("") String modelId,
    @DefaultValue("auto") String provider,
    @DefaultValue("auto") String dtype,
    @DefaultValue("0") int threads,
    @DefaultValue("0") int helpers,
    @DefaultValue Attention attention) {

  /**
   * How generations are run.
   *
   * @param routers host:port of every router; may be empty for a dense model
   * @param kvTokens tokens whose keys and values are held; 0 = 65,536 or what fits into 1 GiB
   * @param maxBatchTokens positions of one step
   * @param prefillChunk prompt positions of one step while others decode
   * @param maxSequences requests that are run at a time
   * @param maxQueue requests that wait before new ones are turned away
   * @param maxContext prompt and generated tokens of a request; 0 = what model and pages allow
   * @param prefixCache whether computed prefixes are reused
   * @param microBatches parts of a step in flight: auto, 1 or 2
   * @param maxLogprobs alternatives per token that a request may ask for; -1 = the vocabulary
   * @param timeoutSeconds longest time of a request, and its time if it does not say
   * @param expertWaitSeconds how long a request waits for an expert that has no replica; -1 = until
   *     its deadline, 0 = not at all
   * @param expertsMaySleep whether shards may have no replica until a request needs them: then
   *     requests are taken as soon as a router is there
   * @param drainSeconds longest time to finish what was taken, on shutdown
   */
  record Attention(
      @DefaultValue List<String> routers,
      @DefaultValue("0") int kvTokens,
      @DefaultValue("1024") int maxBatchTokens,
      @DefaultValue("256") int prefillChunk,
      @DefaultValue("256") int maxSequences,
      @DefaultValue("1024") int maxQueue,
      @DefaultValue("0") int maxContext,
      @DefaultValue("true") boolean prefixCache,
      @DefaultValue("auto") String microBatches,
      @DefaultValue("-1") int maxLogprobs,
      @DefaultValue("600") int timeoutSeconds,
      @DefaultValue("-1") int expertWaitSeconds,
      @DefaultValue("false") boolean expertsMaySleep,
      @DefaultValue("20") int drainSeconds) {}

  AttentionProperties {
    require(!model.isBlank(), "expertmesh.model must name the directory of a checkpoint.");
    require(
        threads >= 0 && threads <= 1024,
        "expertmesh.threads is " + threads + ", must be 0 (all cores) to 1024.");
    require(
        helpers >= 0 && helpers <= 1024,
        "expertmesh.helpers is " + helpers + ", must be 0 to 1024.");
    require(
        attention.kvTokens() >= 0 && attention.maxContext() >= 0,
        "expertmesh.attention.kv-tokens and max-context must not be negative.");
    require(
        attention.timeoutSeconds() >= 1 && attention.timeoutSeconds() <= 86_400,
        "expertmesh.attention.timeout-seconds is "
            + attention.timeoutSeconds()
            + ", must be 1 to 86400.");
    require(
        attention.expertWaitSeconds() >= -1 && attention.expertWaitSeconds() <= 86_400,
        "expertmesh.attention.expert-wait-seconds is "
            + attention.expertWaitSeconds()
            + ", must be -1 (until the request's deadline) to 86400.");
    require(
        attention.drainSeconds() >= 0 && attention.drainSeconds() <= 3600,
        "expertmesh.attention.drain-seconds is "
            + attention.drainSeconds()
            + ", must be 0 to 3600.");
    DType.activations(dtype, DType.F32);
    microBatches(attention.microBatches());
    limits(attention);
    routers(attention);
  }

  List<HostPort> routers() {
    return routers(attention);
  }

  private static List<HostPort> routers(Attention attention) {
    return HostPort.list("expertmesh.attention.routers", attention.routers());
  }

  DType activations(ModelSpec spec) {
    return DType.activations(dtype, spec.storedDtype());
  }

  EngineSettings settings(ModelSpec spec) {
    int kvTokens =
        attention.kvTokens() == 0 ? EngineSettings.defaultKvTokens(spec) : attention.kvTokens();
    int most = Math.min(spec.maxPositions(), kvTokens);
    require(
        attention.maxContext() <= spec.maxPositions(),
        "expertmesh.attention.max-context is "
            + attention.maxContext()
            + ", the model was made for at most "
            + spec.maxPositions()
            + ".");
    int maxLogprobs = attention.maxLogprobs();
    return check(
        "kv-tokens",
        () ->
            new EngineSettings(
                activations(spec),
                kvTokens,
                limits(attention),
                attention.maxContext() == 0 ? most : Math.min(most, attention.maxContext()),
                attention.prefixCache(),
                microBatches(attention.microBatches()),
                maxLogprobs < 0 ? spec.vocabSize() : maxLogprobs));
  }

  private static SchedulerLimits limits(Attention attention) {
    return check(
        "max-batch-tokens",
        () ->
            new SchedulerLimits(
                attention.maxBatchTokens(),
                attention.prefillChunk(),
                attention.maxSequences(),
                attention.maxQueue(),
                attention.expertWaitSeconds() < 0
                    ? SchedulerLimits.UNTIL_DEADLINE
                    : TimeUnit.SECONDS.toNanos(attention.expertWaitSeconds())));
  }

  private static MicroBatchMode microBatches(String text) {
    return switch (text) {
      case "auto" -> MicroBatchMode.AUTO;
      case "1" -> MicroBatchMode.ONE;
      case "2" -> MicroBatchMode.TWO;
      default ->
          throw refusal(
              "expertmesh.attention.micro-batches is '" + text + "', must be auto, 1 or 2.");
    };
  }

  private static <T> T check(String key, java.util.function.Supplier<T> value) {
    try {
      return value.get();
    } catch (IllegalArgumentException e) {
      throw new MeshException(
          ErrorCode.INVALID_ARGUMENT, "expertmesh.attention." + key + ": " + e.getMessage(), e);
    }
  }

  private static void require(boolean holds, String sentence) {
    if (!holds) {
      throw refusal(sentence);
    }
  }

  private static MeshException refusal(String sentence) {
    return new MeshException(ErrorCode.INVALID_ARGUMENT, sentence);
  }
}
