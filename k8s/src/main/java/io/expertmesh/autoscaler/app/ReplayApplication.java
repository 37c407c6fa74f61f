package io.expertmesh.autoscaler.app;

import io.expertmesh.autoscaler.core.ScalingPolicy;
import io.expertmesh.autoscaler.core.replay.DemandTrace;
import io.expertmesh.autoscaler.core.replay.Replay;
import io.expertmesh.autoscaler.core.replay.ReplayReport;
import io.expertmesh.autoscaler.core.replay.ReplayResult;
import io.expertmesh.autoscaler.core.replay.SyntheticDay;
import io.expertmesh.autoscaler.transport.RecordedLoad;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Replays a day of load through the autoscaler and prints what came of it: {@code --file=FILE} or
 * {@code --seed=N --shards=N}, then {@code --start-seconds}, {@code --objective-seconds}, {@code
 * --max} and {@code --csv=FILE}.
 */
public final class ReplayApplication {
  private ReplayApplication() {}

  /** Prints to standard output; exits with 1, after one sentence, if it cannot. */
  public static void main(String[] arguments) {
    Map<String, String> given = new TreeMap<>();
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      given.put(
          argument.substring(2, equals < 0 ? argument.length() : equals),
          argument.substring(equals + 1));
    }
    try {
      run(given);
    } catch (IOException | IllegalArgumentException e) {
      System.err.println("mesh: " + e.getMessage());
      System.exit(1);
    }
  }

  private static void run(Map<String, String> given) throws IOException {
    String file = given.getOrDefault("file", "");
    DemandTrace trace =
        file.isEmpty()
            ? SyntheticDay.of(
                Long.parseLong(given.getOrDefault("seed", "1")),
                Integer.parseInt(given.getOrDefault("shards", "8")))
            : RecordedLoad.read(Path.of(file));
    ScalingPolicy policy =
        ScalingPolicy.standard().bounds(1, Integer.parseInt(given.getOrDefault("max", "64")));
    ReplayResult result =
        new Replay(
                trace,
                policy,
                Integer.parseInt(given.getOrDefault("start-seconds", "10")),
                Double.parseDouble(given.getOrDefault("objective-seconds", "0.5")))
            .run();
    ReplayReport.lines(result).forEach(System.out::println);
    String csv = given.getOrDefault("csv", "");
    if (!csv.isEmpty()) {
      Files.write(Path.of(csv), ReplayReport.csv(result));
    }
  }
}
