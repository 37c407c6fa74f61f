package io.expertmesh.tests.scaling;

import io.expertmesh.tests.support.MeshUnderTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The replicas of every shard of a mesh, from its state file and from what its launcher says. */
final class ScalingLog {
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final Pattern NEWS =
      Pattern.compile("((?:experts-\\d+)(?:-r\\d+)?) (is started:|leaves:|.*started again).*");

  private final MeshUnderTest mesh;

  ScalingLog(MeshUnderTest mesh) {
    this.mesh = mesh;
  }

  /** Processes of a shard that run now, those that are about to leave included. */
  List<MeshUnderTest.Instance> replicas(String shard) {
    return mesh.instances().stream().filter(i -> i.shard().equals(shard)).toList();
  }

  /** How many {@link #replicas} a shard has. */
  int count(String shard) {
    return replicas(shard).size();
  }

  /** Waits until something holds. */
  void await(String what, int seconds, BooleanSupplier holds) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(
            "not within " + seconds + " s: " + what + "; the launcher said:\n" + said());
      }
      LockSupport.parkNanos(TICK_NANOS);
    }
  }

  /** What the launcher said of replicas, a line each. */
  List<String> said() {
    try {
      return Files.readAllLines(mesh.runDirectory().resolve("logs/mesh.log")).stream()
          .filter(line -> NEWS.matcher(line).matches())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * What was out of order: a replica that left though a newer one was there, or that was started
   * again after its end.
   */
  List<String> disorder() {
    Map<String, Deque<String>> running = new TreeMap<>();
    List<String> wrong = new ArrayList<>();
    for (String line : said()) {
      Matcher news = NEWS.matcher(line);
      if (!news.matches()) {
        continue;
      }
      String name = news.group(1);
      String shard = name.replaceFirst("-r\\d+$", "");
      Deque<String> replicas =
          running.computeIfAbsent(shard, first -> new ArrayDeque<>(List.of(first)));
      if (news.group(2).startsWith("is started")) {
        replicas.push(name);
      } else if (!news.group(2).startsWith("leaves") || !name.equals(replicas.poll())) {
        wrong.add(line);
      }
    }
    return wrong;
  }
}
