package io.expertmesh.autoscaler.transport;

import io.expertmesh.autoscaler.core.replay.DemandTrace;
import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.transport.LoadEventJson;
import io.expertmesh.protocol.transport.LoadEventJson.MalformedEventException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Load events that someone wrote down, one JSON object a line, as a trace. */
public final class RecordedLoad {
  private static final int LONGEST_SECONDS = 31 * 86_400;

  private RecordedLoad() {}

  private record Second(String shard, long second) {}

  /**
   * Reads a file.
   *
   * @throws IOException if it cannot be read, or holds no events of expert-services; the message
   *     names the line that is wrong
   */
  public static DemandTrace read(Path file) throws IOException {
    Map<String, double[]> perToken = new TreeMap<>();
    Map<Second, Double> tokens = new java.util.HashMap<>();
    Set<String> told = new HashSet<>();
    long first = Long.MAX_VALUE;
    long last = Long.MIN_VALUE;
    try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      int number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        LoadEvent event = event(file, number, line);
        if (event.shard().isEmpty() || !told.add(event.replica() + "/" + event.sequence())) {
          continue;
        }
        long second = Math.floorDiv(event.endMillis(), 1000L);
        first = Math.min(first, second);
        last = Math.max(last, second);
        tokens.merge(
            new Second(event.shard(), second),
            event.tokensIn() * 1000.0 / event.intervalMillis(),
            Double::sum);
        double[] sums = perToken.computeIfAbsent(event.shard(), s -> new double[2]);
        sums[0] += event.busySeconds();
        sums[1] += event.tokensOut();
      }
    }
    if (told.isEmpty() || last - first >= LONGEST_SECONDS) {
      throw new IOException(
          file
              + (told.isEmpty()
                  ? " holds no load event of an expert-service."
                  : " spans more than 31 days."));
    }
    return trace(perToken, tokens, first, (int) (last - first + 1));
  }

  private static LoadEvent event(Path file, int number, String line) throws IOException {
    try {
      return LoadEventJson.read(line.getBytes(StandardCharsets.UTF_8));
    } catch (MalformedEventException e) {
      throw new IOException(file + " line " + number + ": " + e.getMessage(), e);
    }
  }

  private static DemandTrace trace(
      Map<String, double[]> perToken, Map<Second, Double> tokens, long first, int seconds) {
    List<String> shards = new ArrayList<>(perToken.keySet());
    double[][] demand = new double[shards.size()][seconds];
    tokens.forEach(
        (at, count) -> {
          double[] sums = perToken.getOrDefault(at.shard(), new double[2]);
          double secondsPerToken = sums[1] == 0 ? 0 : sums[0] / sums[1];
          demand[shards.indexOf(at.shard())][(int) (at.second() - first)] = count * secondsPerToken;
        });
    return new DemandTrace(shards, demand);
  }
}
