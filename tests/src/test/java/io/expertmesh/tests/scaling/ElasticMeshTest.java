package io.expertmesh.tests.scaling;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.v1.ServiceState;
import io.expertmesh.tests.support.MeshUnderTest;
import io.expertmesh.tests.support.MeshUnderTest.Instance;
import io.expertmesh.tests.support.OtlpReceiver;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/**
 * A mesh of processes whose replicas come and go with the load, down to none. Replicas have a known
 * capacity: every (row, expert) pair takes them so long at least, which is long enough for two
 * processors to stand in for the machines of eight replicas.
 */
@Timeout(600)
class ElasticMeshTest {
  private static final int PACE_MICROS = 20_000;

  /** Pairs of a {@link Traffic#HOT_TOKEN} that wait for each other, over all layers. */
  private static final int HOT_PAIRS_IN_TURN = 8;

  /** The objective for gaps: five times what a token takes that has the mesh to itself. */
  private static final double SLO_MILLIS = 5 * HOT_PAIRS_IN_TURN * PACE_MICROS / 1000.0;

  private static final double SERVES_SECONDS = 15;
  private static final double RECOVERS_SECONDS = 30;

  /** For so long after the step the load stays, and gaps are watched. */
  private static final int WATCH_SECONDS = 38;

  /** Pairs of a token, on average, that go to {@link #HOT}: hot ones 8 of 12, others 6. */
  private static final double HOT_PAIRS = 0.8 * HOT_PAIRS_IN_TURN + 0.2 * 6;

  private static final int MOST = 4;
  private static final int SPARES = 5;
  private static final String HOT = "experts-" + Traffic.HOT_EXPERT / 4;
  private static final String COLD = "experts-" + (1 - Traffic.HOT_EXPERT / 4);

  /** Requests per second that ask one replica of {@link #HOT} for all it can. */
  private static final double CAPACITY = 1e6 / PACE_MICROS / HOT_PAIRS / Traffic.ROWS;

  private static final double CALM = CAPACITY / 4;

  private static final int PATIENCE_SECONDS = 240;

  private static final String MARK = "Quetzalcoatlus";
  private static final String KEY = "sk-elastic-4711";
  private static final String TENANT = "X-Tenant";
  private static final String CAPPED = "capped";

  /** Busy replicas, over both shards: less than one that is as busy as it should be. */
  private static final double CAP = 0.6;

  private static OtlpReceiver collector;
  private static MeshUnderTest mesh;
  private static ScalingLog log;

  @BeforeAll
  static void start() throws IOException {
    collector = new OtlpReceiver();
    mesh =
        MeshUnderTest.up(
            MeshUnderTest.bundledModel(),
            collector.environment(),
            "--autoscale",
            "--experts",
            "2",
            "--min-replicas",
            "0",
            "--spares",
            Integer.toString(SPARES),
            "--set",
            "expertmesh.expert.pace-micros=" + PACE_MICROS,
            "--set",
            // a row more costs a replica with a pace as much as the first
            "expertmesh.router.spread-rows=1",
            "--set",
            // in each layer a token should wait no longer than computing it takes
            "expertmesh.autoscaler.drain=" + PACE_MICROS / 1000 + "ms",
            "--set",
            // a single request keeps a replica busy for 0.7 of the time
            "expertmesh.autoscaler.target=0.9",
            "--set",
            "expertmesh.autoscaler.tenant-caps=" + CAPPED + "=" + CAP,
            "--set",
            "expertmesh.gateway.tenant-header=" + TENANT,
            "--set",
            "expertmesh.autoscaler.idle=10s",
            "--set",
            "expertmesh.autoscaler.down-window=4s",
            "--set",
            "expertmesh.autoscaler.down-step=1s",
            "--max-replicas",
            Integer.toString(MOST));
    log = new ScalingLog(mesh);
  }

  @AfterAll
  static void stop() {
    if (mesh != null) {
      mesh.close();
    }
    if (collector != null) {
      collector.close();
    }
  }

  @AfterEach
  void replicasLeftInOrder() {
    assertThat(log.disorder()).as("of %s", log.said()).isEmpty();
  }

  /**
   * Times after a step in the load.
   *
   * @param served seconds until an added replica computed
   * @param tooLong seconds until gaps were too long for the last time
   */
  private record Reaction(double served, double tooLong) {
    boolean inTime() {
      return served < SERVES_SECONDS && tooLong < RECOVERS_SECONDS;
    }
  }

  @Test
  void aHotExpertGetsReplicasThatServeInTimeAndLeaveInOrderAndNoRequestFails() {
    try (Traffic traffic = new Traffic(mesh.url(), Map.of())) {
      Reaction reaction = step(traffic);
      if (!reaction.inTime()) {
        // Others share this machine, and may have had it just then.
        reaction = step(traffic);
      }
      traffic.finish();
      log.await("added replicas left", PATIENCE_SECONDS, () -> log.count(HOT) <= 1);

      System.out.printf(
          "%s; %d requests, failed: %s%n%s%n",
          reaction, traffic.done(), traffic.failures(), String.join("\n", log.said()));
      assertThat(traffic.failures()).isEmpty();
      assertThat(reaction).as("also at a second step").matches(Reaction::inTime);
    }
  }

  private static Reaction step(Traffic traffic) {
    traffic.perSecond(CALM);
    log.await("spares wait", PATIENCE_SECONDS, () -> waitingSpares() == SPARES);
    log.await("calm", PATIENCE_SECONDS, () -> calm(traffic));
    System.out.printf("p99 of calm gaps %.0f ms%n", p99Millis(traffic));
    long step = System.nanoTime();
    traffic.perSecond(2 * CAPACITY);
    log.await("an added replica computes", PATIENCE_SECONDS, ElasticMeshTest::addedServes);
    double served = secondsSince(step);
    return new Reaction(served, watchGaps(traffic, step));
  }

  /** Shows how gaps and replicas go on; returns when gaps were too long for the last time. */
  private static double watchGaps(Traffic traffic, long step) {
    double tooLong = 0;
    while (secondsSince(step) < WATCH_SECONDS) {
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
      double gap = p99Millis(traffic);
      double now = secondsSince(step);
      tooLong = gap > SLO_MILLIS ? now : tooLong;
      System.out.printf(
          "%4.0f s: p99 of gaps %4.0f ms, %d requests, %d and %d replicas%n",
          now, gap, traffic.open(), log.count(HOT), log.count(COLD));
    }
    return tooLong;
  }

  @Test
  void trafficOfATenantBeyondItsCapGetsNoReplicasAndAnotherTenantsDoes() {
    try (Traffic capped = new Traffic(mesh.url(), Map.of(TENANT, CAPPED));
        Traffic other = new Traffic(mesh.url(), Map.of(TENANT, "other"))) {
      log.await("no more than one replica", PATIENCE_SECONDS, () -> log.count(HOT) <= 1);
      capped.perSecond(CALM);
      log.await("it is known whose tokens they are", PATIENCE_SECONDS, () -> calm(capped));
      capped.perSecond(2 * CAPACITY);
      Set<Long> refused = new TreeSet<>();
      log.await(
          "the cap refuses replicas",
          PATIENCE_SECONDS,
          () -> {
            assertThat(log.count(HOT)).as("replicas within the cap").isLessThanOrEqualTo(1);
            JsonNode scaling = mesh.client().get("/v1/scaling").body();
            JsonNode hot = shard(scaling);
            if (hot.path("demand_without_caps").asDouble(0) > 1.2
                && hot.path("wanted").asInt(0) == 1) {
              refused.add(scaling.path("at_millis").asLong(0));
            }
            return refused.size() >= 5;
          });
      String explained =
          MeshUnderTest.command(mesh.runDirectory(), List.of("scale", "explain", HOT)).output();
      assertThat(explained).contains(", of which caps of tenants allow 0.");

      capped.perSecond(0);
      other.perSecond(2 * CAPACITY);
      log.await("the other gets replicas", PATIENCE_SECONDS, () -> log.count(HOT) > 1);
      System.out.println(explained + String.join("\n", log.said()));
      capped.finish();
      other.finish();
      assertThat(capped.failures()).isEmpty();
      assertThat(other.failures()).isEmpty();
    }
  }

  private static JsonNode shard(JsonNode scaling) {
    for (JsonNode shard : scaling.path("shards")) {
      if (shard.path("shard").asString("").equals(HOT)) {
        return shard;
      }
    }
    return scaling.path("nothing");
  }

  @Test
  void nothingOfARequestIsToldToAnyone() {
    try (Traffic traffic = new Traffic(mesh.url(), Map.of("Authorization", "Bearer " + KEY))) {
      for (int i = 0; i < 6; i++) {
        traffic.begin(Traffic.text(MARK + " " + i));
      }
      traffic.finish();
      assertThat(traffic.failures()).isEmpty();
      assertThat(traffic.ids()).hasSize(6);
      log.await("the gateway's event is there", 60, () -> tellsOfTenant(Whispers.of(mesh)));

      log.await("spans are there", 60, () -> collector.spans().size() >= 3 * 6);
      Whispers whispers = Whispers.of(mesh).and("spans", collector.text());
      whispers.areCountsOnly();
      whispers.tellNothingOf(traffic.ids());
      whispers.tellNothingOf(List.of(MARK, KEY, promptIds(", "), promptIds(",")));
    }
  }

  @Test
  void anAttentionServiceThatIsStartedWhileEverythingSleepsTakesTheRequestThatWakesIt() {
    log.await("all sleep", PATIENCE_SECONDS, () -> log.count(HOT) + log.count(COLD) == 0);
    Instance before = mesh.instance("attention");
    mesh.signal(before, "KILL");
    log.await("another process", 60, () -> mesh.instance("attention").pid() != before.pid());
    log.await("ready again", 60, () -> mesh.client().get("/health/ready").status() == 200);
    assertThat(log.count(HOT) + log.count(COLD)).as("replicas before the request").isZero();

    try (Traffic traffic = new Traffic(mesh.url(), Map.of())) {
      traffic.begin(Traffic.text("Good morning"));
      traffic.finish();
      assertThat(traffic.failures()).isEmpty();
    }
  }

  /** Without it the silence of the test above would prove nothing. */
  private static boolean tellsOfTenant(Whispers whispers) {
    return whispers.events().stream()
            .flatMap(event -> event.tenants().entrySet().stream())
            .filter(tenant -> tenant.getKey().startsWith("key-"))
            .mapToLong(Map.Entry::getValue)
            .sum()
        >= 6 * Traffic.TOKENS;
  }

  private static String promptIds(String separator) {
    List<String> ids = new ArrayList<>();
    mesh.client()
        .post("/tokenize", Map.of("prompt", MARK))
        .body()
        .path("tokens")
        .forEach(id -> ids.add(id.asString()));
    assertThat(ids).hasSizeGreaterThan(2);
    return String.join(separator, ids);
  }

  private static long waitingSpares() {
    List<Instance> spares =
        mesh.instances().stream().filter(instance -> instance.kind().equals("SPARE")).toList();
    return spares.stream()
        .filter(spare -> state(spare) == ServiceState.SERVICE_STATE_WAITING)
        .count();
  }

  private static ServiceState state(Instance instance) {
    try {
      return mesh.status(instance).getState();
    } catch (StatusRuntimeException e) {
      // It does not listen yet.
      return ServiceState.SERVICE_STATE_UNSPECIFIED;
    }
  }

  private static boolean calm(Traffic traffic) {
    double gap = p99Millis(traffic);
    return gap > 0 && gap < SLO_MILLIS && log.count(HOT) == 1;
  }

  private static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  private static boolean addedServes() {
    return log.replicas(HOT).stream()
        .filter(replica -> !replica.equals(log.replicas(HOT).getFirst()))
        .anyMatch(replica -> computes(replica));
  }

  private static boolean computes(Instance replica) {
    try {
      return mesh.status(replica).getTokensTotal() > 0;
    } catch (StatusRuntimeException e) {
      // It does not listen yet.
      return false;
    }
  }

  /** Of the gaps of the last seconds; 0 if there were none. */
  private static double p99Millis(Traffic traffic) {
    long now = System.nanoTime();
    return traffic.p99Millis(now - TimeUnit.SECONDS.toNanos(3), now);
  }
}
