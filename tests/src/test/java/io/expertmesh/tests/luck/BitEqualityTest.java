package io.expertmesh.tests.luck;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.tests.support.Completions.Continuation;
import io.expertmesh.tests.support.MeshUnderTest;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The same request gives the same tokens and the same bits of every log-probability, whatever runs
 * beside it, wherever its experts are and whatever happens to them. The yardstick is one
 * expert-service with every expert and one request at a time.
 */
class BitEqualityTest {
  private static final int VOCABULARY = 4096;
  private static final int NEW_TOKENS = 12;

  /** Of the requests, those that also run one by one in meshes other than the yardstick's. */
  private static final int ALONE = 16;

  /** Requests that grow to {@link #MANY_TOKENS}: a page table of 256 tokens has room for three. */
  private static final int GROWING = 24;

  private static final int MANY_TOKENS = 36;
  private static final Workload WORKLOAD = new Workload(VOCABULARY, 90);

  private static List<Continuation> yardstick = List.of();
  private static List<Continuation> longYardstick = List.of();

  @BeforeAll
  static void allTogetherOnASingleExpertServiceAndThenOneByOne() throws Exception {
    try (MeshUnderTest mesh = MeshUnderTest.up(MeshUnderTest.bundledModel(), "--experts", "1")) {
      // the batch first: its rows warm the new processes up sooner than single ones do
      List<Continuation> together = WORKLOAD.together(mesh.client(), NEW_TOKENS);
      yardstick = WORKLOAD.alone(mesh.client(), NEW_TOKENS);
      assertThat(yardstick)
          .hasSize(Workload.REQUESTS)
          .allSatisfy(c -> assertThat(c.ids()).hasSize(NEW_TOKENS));
      longYardstick = WORKLOAD.alone(mesh.client(), GROWING, MANY_TOKENS);
      assertThat(longYardstick)
          .hasSize(GROWING)
          .allSatisfy(c -> assertThat(c.ids()).hasSize(MANY_TOKENS));
      assertThat(together).as("alone and in a batch of 64").isEqualTo(yardstick);
    }
  }

  @Test
  void eightServicesWithOneExpertEachGiveTheSameBits() throws Exception {
    try (MeshUnderTest mesh = MeshUnderTest.up(MeshUnderTest.bundledModel(), "--experts", "8")) {
      assertThat(WORKLOAD.together(mesh.client(), NEW_TOKENS)).isEqualTo(yardstick);
      assertThat(WORKLOAD.alone(mesh.client(), ALONE, NEW_TOKENS))
          .isEqualTo(yardstick.subList(0, ALONE));
    }
  }

  @Test
  void threeReplicasAndTheDeathOfOneInFlightGiveTheSameBits() throws Exception {
    try (MeshUnderTest mesh =
        MeshUnderTest.up(MeshUnderTest.bundledModel(), "--experts", "1", "--replicas", "3")) {
      assertThat(WORKLOAD.together(mesh.client(), NEW_TOKENS))
          .as("three replicas")
          .isEqualTo(yardstick);
      MeshUnderTest.Instance victim =
          mesh.instances().stream()
              .filter(i -> i.name().startsWith("experts-"))
              .findFirst()
              .orElseThrow();
      long pairsBefore = mesh.status(victim).getTokensTotal();
      assertThat(pairsBefore).as("the victim has served").isPositive();
      String router =
          mesh.instances().stream()
              .filter(i -> i.name().startsWith("router"))
              .findFirst()
              .orElseThrow()
              .name();
      boolean hit = false;
      for (int attempt = 0; attempt < 5 && !hit; attempt++) {
        long retriesBefore = mesh.counter(router, "retries");
        MeshUnderTest.Instance target = mesh.instance(victim.name());
        Thread killer =
            Thread.ofVirtual()
                .start(
                    () -> {
                      awaitWork(mesh, target);
                      mesh.signal(target, "KILL");
                    });
        assertThat(WORKLOAD.together(mesh.client(), NEW_TOKENS))
            .as("a replica was killed")
            .isEqualTo(yardstick);
        killer.join();
        hit = mesh.counter(router, "retries") > retriesBefore;
        awaitRestart(mesh, target);
      }
      assertThat(hit)
          .as("rows were in flight on the killed replica at least once in five kills")
          .isTrue();
    }
  }

  @Test
  void chunkedPrefillGivesTheSameBits() throws Exception {
    try (MeshUnderTest mesh =
        MeshUnderTest.up(
            MeshUnderTest.bundledModel(),
            "--experts",
            "2",
            "--set",
            "expertmesh.attention.prefill-chunk=7",
            "--set",
            "expertmesh.attention.max-batch-tokens=24",
            "--set",
            "expertmesh.attention.max-sequences=16",
            "--set",
            "expertmesh.attention.prefix-cache=false")) {
      assertThat(WORKLOAD.together(mesh.client(), NEW_TOKENS)).isEqualTo(yardstick);
      assertThat(WORKLOAD.alone(mesh.client(), ALONE, NEW_TOKENS))
          .isEqualTo(yardstick.subList(0, ALONE));
    }
  }

  @Test
  void preemptionByRecomputeGivesTheSameBits() throws Exception {
    try (MeshUnderTest mesh =
        MeshUnderTest.up(
            MeshUnderTest.bundledModel(),
            "--experts",
            "2",
            "--set",
            "expertmesh.attention.kv-tokens=256",
            "--set",
            "expertmesh.attention.max-context=128")) {
      // admission leaves every sequence a page to grow into; these grow by more than two
      assertThat(WORKLOAD.together(mesh.client(), GROWING, MANY_TOKENS)).isEqualTo(longYardstick);
      String attention =
          mesh.instances().stream()
              .filter(i -> i.name().startsWith("attention"))
              .findFirst()
              .orElseThrow()
              .name();
      assertThat(mesh.counter(attention, "preemptions"))
          .as("the pages were too few for all")
          .isPositive();
    }
  }

  private static void awaitWork(MeshUnderTest mesh, MeshUnderTest.Instance target) {
    long before = mesh.status(target).getTokensTotal();
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (mesh.status(target).getTokensTotal() == before) {
      assertThat(System.nanoTime()).as("the replica never got work").isLessThan(deadline);
    }
  }

  private static void awaitRestart(MeshUnderTest mesh, MeshUnderTest.Instance killed)
      throws InterruptedException {
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (true) {
      MeshUnderTest.Instance now = mesh.instance(killed.name());
      if (now.pid() != killed.pid() && now.pid() > 0 && isReady(mesh, now)) {
        return;
      }
      assertThat(System.nanoTime()).as("%s was not restarted", killed).isLessThan(deadline);
      Thread.sleep(50); // the processor is needed to start it
    }
  }

  private static boolean isReady(MeshUnderTest mesh, MeshUnderTest.Instance instance) {
    try {
      return mesh.status(instance).getState()
          == io.expertmesh.protocol.v1.ServiceState.SERVICE_STATE_READY;
    } catch (io.grpc.StatusRuntimeException notYet) {
      return false;
    }
  }
}
