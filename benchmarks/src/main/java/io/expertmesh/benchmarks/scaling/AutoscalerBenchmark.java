package io.expertmesh.benchmarks.scaling;

import io.expertmesh.autoscaler.core.Autoscaler;
import io.expertmesh.autoscaler.core.ScalingPolicy;
import io.expertmesh.autoscaler.core.TenantCaps;
import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.core.LoadEvent.ExpertTokens;
import io.expertmesh.protocol.transport.LoadEventJson;
import io.expertmesh.protocol.transport.LoadEventJson.MalformedEventException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The autoscaler's work without the network: load events of many replicas, as JSON, once a second,
 * parsed, booked and decided upon by one thread.
 */
public final class AutoscalerBenchmark {
  private static final int REPLICAS_PER_SHARD = 4;
  private static final int LAYERS = 32;

  private AutoscalerBenchmark() {}

  /** Arguments: replicas (10000), simulated seconds (120). */
  public static void main(String[] arguments) throws MalformedEventException {
    int replicas = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 10_000;
    int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 120;
    Autoscaler autoscaler =
        new Autoscaler(ScalingPolicy.standard().bounds(1, 64), Map.of(), TenantCaps.NONE);
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long bytes = 0;
    long spent = 0;
    int counted = 0;
    for (int second = 1; second <= seconds; second++) {
      List<byte[]> records = new ArrayList<>(replicas);
      for (int replica = 0; replica < replicas; replica++) {
        records.add(LoadEventJson.write(event(replica, second)));
      }
      long before = threads.getCurrentThreadCpuTime();
      for (byte[] record : records) {
        autoscaler.add(LoadEventJson.read(record), second * 1000L - 500);
      }
      autoscaler.advance(second * 1000L);
      if (second > seconds / 2) {
        counted++;
        spent += threads.getCurrentThreadCpuTime() - before;
        bytes += records.stream().mapToLong(r -> r.length).sum();
      }
    }
    Runtime runtime = Runtime.getRuntime();
    System.gc();
    long live = runtime.totalMemory() - runtime.freeMemory();
    System.out.printf(
        Locale.ROOT,
        "%d replicas, %d shards, %d bytes an event: %.3f s of one core per second, %d MiB live,"
            + " %d MiB heap at most%n",
        replicas,
        autoscaler.snapshot().shards().size(),
        bytes / counted / replicas,
        spent / 1e9 / counted,
        live >> 20,
        runtime.maxMemory() >> 20);
  }

  private static LoadEvent event(int replica, int second) {
    List<ExpertTokens> experts = new ArrayList<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      experts.add(new ExpertTokens(layer, replica / REPLICAS_PER_SHARD % 64, 17 + second % 5));
    }
    String shard = "experts-" + replica / REPLICAS_PER_SHARD;
    return new LoadEvent(
        LoadEvent.EXPERT_SERVICE,
        shard,
        shard + "-r" + replica % REPLICAS_PER_SHARD + "-" + (4000 + replica),
        "random-mixtral",
        second,
        1_795_000_000_000L + second * 1000L,
        1000,
        false,
        600,
        600,
        40,
        0.4 + second % 7 * 0.05,
        1.5,
        8.25,
        3,
        0,
        experts,
        Map.of(),
        Map.of());
  }
}
