package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.Quantities;
import io.expertmesh.launcher.transport.RestClient;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.JsonNode;

/**
 * Drives the replicas of a mesh up to what they may be and down to the least, again and again:
 * callers until a shard has its most, one caller until every shard has one, none until all have
 * none where that is allowed. Each way is taken while requests run.
 */
final class UpAndDownDemo {
  private static final long TICK_MILLIS = 200;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final RestClient client;
  private final DemoTraffic traffic;
  private final Terminal terminal;

  UpAndDownDemo(RestClient client, DemoTraffic traffic, Terminal terminal) {
    this.client = Objects.requireNonNull(client, "client");
    this.traffic = Objects.requireNonNull(traffic, "traffic");
    this.terminal = Objects.requireNonNull(terminal, "terminal");
  }

  /** Takes so many rounds with so many callers. */
  void run(int rounds, int callers) throws InterruptedException {
    for (int round = 1; round <= rounds; round++) {
      traffic.callers(callers);
      String up = until("A shard with as many replicas as it may have", this::anyHasMost);
      traffic.callers(1);
      String down = until("Every shard with one replica", () -> every(1));
      String none = "";
      if (mayHaveNone()) {
        traffic.callers(0);
        none = ", none after " + until("No replica", () -> every(0));
      }
      terminal.line(
          "round %d: most replicas after %s, one after %s%s: %s"
              .formatted(round, up, down, none, traffic.line()));
    }
  }

  private String until(String what, BooleanSupplier holds) throws InterruptedException {
    long from = System.nanoTime();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() - from > PATIENCE.toNanos()) {
        throw new LauncherException(what + " was not reached within 5 minutes.");
      }
      TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
    }
    return Quantities.seconds(Duration.ofNanos(System.nanoTime() - from));
  }

  private JsonNode shards() {
    return client.get("/v1/scaling").path("shards");
  }

  private boolean anyHasMost() {
    for (JsonNode shard : shards()) {
      if (shard.path("replicas").asInt(0) >= shard.path("max").asInt(0)) {
        return true;
      }
    }
    return false;
  }

  private boolean every(int most) {
    for (JsonNode shard : shards()) {
      if (shard.path("replicas").asInt(0) > most || shard.path("wanted").asInt(0) > most) {
        return false;
      }
    }
    return true;
  }

  private boolean mayHaveNone() {
    boolean all = true;
    for (JsonNode shard : shards()) {
      all &= shard.path("min").asInt(1) == 0;
    }
    return all;
  }
}
