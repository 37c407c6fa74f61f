package io.expertmesh.expert.app;

import io.expertmesh.expert.core.ShardNotation;
import io.expertmesh.expert.core.ShardSpec;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.HostPort;
import io.expertmesh.protocol.core.MeshException;
import java.nio.file.Path;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Configuration of the process.
 *
 * @param model directory of the checkpoint
 * @param modelUrl where the shard's part of the checkpoint is fetched from to that directory; empty
 *     if it is there
 * @param modelId name that the model is served under; the directory's name if empty
 * @param provider kernels: auto, scalar, vector or onednn
 * @param dtype type of activations: auto (as the checkpoint), f32 or bf16
 * @param threads threads that compute; 0 for as many as there are cores
 * @param helpers further threads of low priority, which compute on cores that would be idle
 */
@ConfigurationProperties("expertmesh")
record ExpertProperties(
    @DefaultValue("") String model,
    @DefaultValue("") String modelUrl,
    @DefaultValue("") String modelId,
    @DefaultValue("auto") String provider,
    @DefaultValue("auto") String dtype,
    @DefaultValue("0") int threads,
    @DefaultValue("0") int helpers,
    @DefaultValue Grpc grpc,
    @DefaultValue Expert expert) {

  /**
   * Where the process serves.
   *
   * @param host address to listen on
   * @param port port to listen on; 0 for any free one
   * @param advertise host that routers dial; the one to listen on if empty
   */
  record Grpc(
      @DefaultValue("127.0.0.1") String host,
      @DefaultValue("0") int port,
      @DefaultValue("") String advertise) {
    String dialled() {
      return advertise.isEmpty() ? host : advertise;
    }
  }

  /**
   * What the process hosts.
   *
   * @param shard name of the shard
   * @param experts experts by name, as layers:experts
   * @param split experts by share, as i/n
   * @param routers host:port of every router
   * @param replica name of this replica
   * @param queuePairs most pairs that wait and run together
   * @param drainSeconds longest time to finish what was taken, on shutdown
   * @param paceMicros least time per pair, which makes a replica slower than it is
   * @param spare true to wait, with all but the weights ready, until the parent process says on
   *     standard input what to host
   */
  record Expert(
      @DefaultValue("shard") String shard,
      @DefaultValue("") String experts,
      @DefaultValue("") String split,
      @DefaultValue("") String routers,
      @DefaultValue("") String replica,
      @DefaultValue("8192") int queuePairs,
      @DefaultValue("20") int drainSeconds,
      @DefaultValue("0") int paceMicros,
      @DefaultValue("false") boolean spare) {
    String replicaName() {
      return replica.isEmpty() ? shard : replica;
    }
  }

  ExpertProperties {
    require(!model.isBlank(), "expertmesh.model must name the directory of a checkpoint.");
    require(
        threads >= 0 && threads <= 1024,
        "expertmesh.threads is " + threads + ", must be 0 (all cores) to 1024.");
    require(
        helpers >= 0 && helpers <= 1024,
        "expertmesh.helpers is " + helpers + ", must be 0 to 1024.");
    require(
        expert.queuePairs() >= 1 && expert.queuePairs() <= 1 << 20,
        "expertmesh.expert.queue-pairs is " + expert.queuePairs() + ", must be 1 to 1048576.");
    require(
        expert.drainSeconds() >= 0 && expert.drainSeconds() <= 3600,
        "expertmesh.expert.drain-seconds is " + expert.drainSeconds() + ", must be 0 to 3600.");
    require(
        expert.paceMicros() >= 0 && expert.paceMicros() <= 1_000_000,
        "expertmesh.expert.pace-micros is " + expert.paceMicros() + ", must be 0 to 1000000.");
    DType.activations(dtype, DType.F32);
    routers(expert);
  }

  Path modelDirectory() {
    return Path.of(model);
  }

  List<HostPort> routers() {
    return routers(expert);
  }

  ShardSpec shard(ModelSpec spec) {
    return ShardNotation.parse(expert.shard(), spec, expert.experts(), expert.split());
  }

  private static List<HostPort> routers(Expert expert) {
    return HostPort.list("expertmesh.expert.routers", List.of(expert.routers().split(",", -1)));
  }

  DType activations(ModelSpec spec) {
    return DType.activations(dtype, spec.storedDtype());
  }

  private static void require(boolean holds, String sentence) {
    if (!holds) {
      throw new MeshException(ErrorCode.INVALID_ARGUMENT, sentence);
    }
  }
}
