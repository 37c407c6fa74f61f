package io.expertmesh.launcher.core;

import java.util.Map;
import java.util.Objects;

/**
 * What the user wants started. Values are checked here; the message of a refusal names the option.
 *
 * @param model checkpoint directory, as given
 * @param experts number of shards: expert-services with different experts
 * @param replicas processes per shard
 * @param attention attention-service processes
 * @param routers router-service processes
 * @param host address that the gateway listens on
 * @param port port that the gateway listens on
 * @param threads compute threads per computing process; 0 = cores divided among those of one kind
 * @param settings further configuration keys, handed to the services that know them
 * @param scale telemetry and scaling
 */
public record UpOptions(
    String model,
    int experts,
    int replicas,
    int attention,
    int routers,
    String host,
    int port,
    int threads,
    Map<String, String> settings,
    ScaleOptions scale) {
  private static final int MOST_PROCESSES = 512;

  /** Options without telemetry and scaling. */
  public UpOptions(
      String model,
      int experts,
      int replicas,
      int attention,
      int routers,
      String host,
      int port,
      int threads,
      Map<String, String> settings) {
    this(
        model,
        experts,
        replicas,
        attention,
        routers,
        host,
        port,
        threads,
        settings,
        ScaleOptions.NONE);
  }

  public UpOptions {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(scale, "scale");
    within("--experts", experts, 1, MOST_PROCESSES);
    within("--replicas", replicas, 1, MOST_PROCESSES);
    within("--attention", attention, 1, MOST_PROCESSES);
    within("--routers", routers, 1, MOST_PROCESSES);
    within("--port", port, 1, 65535);
    within("--threads", threads, 0, 1024);
    requireProcesses("--experts times --replicas", (long) experts * replicas, attention, routers);
    settings = Map.copyOf(settings);
  }

  /** Refuses more processes than one machine should have. */
  static void requireProcesses(String option, long experts, int attention, int routers) {
    if (experts + attention + routers + 1 > MOST_PROCESSES) {
      throw new LauncherException(
          option
              + " asks for "
              + experts
              + " expert-services; a mesh on one machine has at most "
              + MOST_PROCESSES
              + " processes.");
    }
  }

  private static void within(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new LauncherException(
          option + " is " + value + "; it must be from " + least + " to " + most + ".");
    }
  }
}
