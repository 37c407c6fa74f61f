package io.expertmesh.tests.scaling;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.tests.support.MeshUnderTest;
import io.expertmesh.tests.support.MeshUnderTest.Instance;
import io.expertmesh.tests.support.OtlpReceiver;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A mesh of processes whose replicas come and go with the load, down to none. Replicas have a known
 * capacity: every (row, expert) pair takes them so long at least. What a machine of its own takes
 * is in docs/scaling.md; the bounds here are for machines that are busy with other things.
 */
@Timeout(600)
class ElasticMeshTest {
  private static final int PACE_MICROS = 10_000;

  /** Pairs of a token, on average, that go to {@link #HOT}: hot ones 8 of 12, others 6. */
  private static final double HOT_PAIRS = 0.8 * 8 + 0.2 * 6;

  private static final int MOST = 4;
  private static final String HOT = "experts-" + Traffic.HOT_EXPERT / 4;
  private static final String COLD = "experts-" + (1 - Traffic.HOT_EXPERT / 4);

  /** Requests per second that ask one replica of {@link #HOT} for all it can. */
  private static final double CAPACITY = 1e6 / PACE_MICROS / HOT_PAIRS / Traffic.TOKENS;

  private static final double CALM = 0.25;

  private static final int PATIENCE_SECONDS = 240;

  private static final String MARK = "Quetzalcoatlus";
  private static final String KEY = "sk-elastic-4711";

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
            "--set",
            "expertmesh.expert.pace-micros=" + PACE_MICROS,
            "--set",
            "expertmesh.router.spread-rows=2",
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

  @Test
  void aHotExpertGetsReplicasThatTakeLoadAndNoRequestFails() {
    try (Traffic traffic = new Traffic(mesh.url(), Map.of())) {
      traffic.perSecond(CALM);
      log.await("calm", PATIENCE_SECONDS, () -> p99Millis(traffic) > 0 && log.count(HOT) == 1);
      long step = System.nanoTime();
      traffic.perSecond(2 * CAPACITY);
      log.await("an added replica computes", PATIENCE_SECONDS, ElasticMeshTest::addedServes);
      long served = System.nanoTime();
      traffic.perSecond(CALM);
      traffic.finish();

      System.out.printf(
          "An added replica served %.1f s after the step; %d requests, failed: %s%n%s%n",
          (served - step) / 1e9, traffic.done(), traffic.failures(), String.join("\n", log.said()));
      assertThat(traffic.failures()).isEmpty();
    }
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
