package io.expertmesh.launcher.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.render.core.NodePool;
import io.expertmesh.render.core.Shard;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class MeshPlannerTest {
  private static final ModelFacts EIGHT_EXPERTS = new ModelFacts("/models/m", "m", 8);

  @Test
  void oneProcessPerReplicaOfEveryShard() {
    MeshPlan plan = plan(options(2, 3, 1, 1, 0, Map.of()), EIGHT_EXPERTS, 2);

    assertThat(plan.instances())
        .extracting(InstancePlan::name)
        .containsExactly(
            "router",
            "experts-0-r0",
            "experts-0-r1",
            "experts-0-r2",
            "experts-1-r0",
            "experts-1-r1",
            "experts-1-r2",
            "attention",
            "gateway");
    assertThat(named(plan, "experts-1-r2").shard()).isEqualTo("experts-1");
    assertThat(named(plan, "experts-1-r2").arguments())
        .contains(
            "--expertmesh.expert.split=1/2",
            "--expertmesh.expert.shard=experts-1",
            "--expertmesh.expert.replica=experts-1-r2",
            "--expertmesh.exit-with-parent=true");
  }

  @Test
  void everyProcessHasAPortOfItsOwnAndKnowsThoseItDials() {
    MeshPlan plan = plan(options(4, 1, 2, 2, 0, Map.of()), EIGHT_EXPERTS, 2);

    assertThat(plan.instances()).extracting(InstancePlan::grpcPort).doesNotHaveDuplicates();
    String routers = addresses(plan, "router-0", "router-1");
    assertThat(named(plan, "experts-3").arguments())
        .contains("--expertmesh.expert.routers=" + routers);
    assertThat(named(plan, "attention-1").arguments())
        .contains("--expertmesh.attention.routers=" + routers);
    assertThat(named(plan, "gateway").arguments())
        .contains(
            "--expertmesh.gateway.attention=" + addresses(plan, "attention-0", "attention-1"),
            "--server.port=8080");
  }

  @Test
  void moreShardsThanExpertsAreRefused() {
    assertThatThrownBy(() -> plan(options(9, 1, 1, 1, 0, Map.of()), EIGHT_EXPERTS, 2))
        .isInstanceOf(LauncherException.class)
        .hasMessage("--experts is 9, but m has only 8 experts in a layer.");
  }

  @Test
  void aModelWithoutExpertsHasNoExpertServices() {
    MeshPlan plan = plan(options(4, 1, 1, 1, 0, Map.of()), new ModelFacts("/m", "m", 0), 2);

    assertThat(plan.instances())
        .extracting(InstancePlan::name)
        .containsExactly("router", "attention", "gateway");
  }

  @Test
  void coresAreDividedAmongTheProcessesOfOneKindBecauseTheKindsTakeTurns() {
    MeshPlan laptop = plan(options(4, 1, 1, 1, 0, Map.of()), EIGHT_EXPERTS, 2);
    assertThat(threads(laptop, "attention")).isEqualTo("2");
    assertThat(threads(laptop, "experts-0")).isEqualTo("1");

    MeshPlan server = plan(options(4, 2, 2, 1, 0, Map.of()), EIGHT_EXPERTS, 32);
    assertThat(threads(server, "attention-0")).isEqualTo("16");
    assertThat(threads(server, "experts-0-r0")).isEqualTo("4");

    MeshPlan forced = plan(options(4, 1, 1, 1, 3, Map.of()), EIGHT_EXPERTS, 32);
    assertThat(threads(forced, "attention")).isEqualTo("3");
    assertThat(threads(forced, "experts-0")).isEqualTo("3");
  }

  @Test
  void coresThatOthersOfItsKindDoNotNeedAreUsedByAsManyHelpersAsThereIsRoomFor() {
    MeshPlan laptop = plan(options(4, 1, 1, 1, 0, Map.of()), EIGHT_EXPERTS, 2);
    assertThat(helpers(laptop, "attention")).isEqualTo("0");
    assertThat(helpers(laptop, "experts-0")).isEqualTo("1");

    MeshPlan server = plan(options(3, 1, 2, 1, 0, Map.of()), EIGHT_EXPERTS, 32);
    assertThat(helpers(server, "attention-0")).isEqualTo("16");
    assertThat(helpers(server, "experts-0")).as("10 threads, 10 more").isEqualTo("10");

    MeshPlan single = plan(options(1, 1, 1, 1, 0, Map.of()), EIGHT_EXPERTS, 2);
    assertThat(helpers(single, "experts-0")).isEqualTo("0");

    MeshPlan forced = plan(options(4, 1, 1, 1, 1, Map.of()), EIGHT_EXPERTS, 32);
    assertThat(helpers(forced, "experts-0")).isEqualTo("0");
  }

  @Test
  void aSettingGoesToTheServicesThatKnowIt() {
    Map<String, String> settings =
        Map.of("expertmesh.attention.kv-tokens", "4096", "expertmesh.provider", "scalar");
    MeshPlan plan = plan(options(1, 1, 1, 1, 0, settings), EIGHT_EXPERTS, 2);

    assertThat(plan.instances())
        .allSatisfy(i -> assertThat(i.arguments()).contains("--expertmesh.provider=scalar"));
    assertThat(plan.instances())
        .filteredOn(i -> i.arguments().contains("--expertmesh.attention.kv-tokens=4096"))
        .extracting(InstancePlan::name)
        .containsExactly("attention");
  }

  @Test
  void aPlacementChangesTheExpertServicesAndTheBoundsOfTheAutoscalerOnly() {
    UpOptions options =
        new UpOptions(
            "/models/m",
            2,
            1,
            1,
            1,
            "127.0.0.1",
            8080,
            0,
            Map.of("expertmesh.expert.pace-micros", "7"),
            new ScaleOptions("kafka:9092", true, 1, 4, 2));
    MeshPlanner planner =
        new MeshPlanner(options, EIGHT_EXPERTS, new AtomicInteger(20_000)::incrementAndGet, 8);
    MeshPlan before = planner.plan();
    Shard hot = new Shard("hot", "experts", "*:3", 1000, 2, 3, NodePool.CPU);
    Shard rest = new Shard("rest", "experts", "*:0-7", 1000, 0, 1, NodePool.CPU);

    MeshPlan after = planner.placed(before, new PlacementRequest("p", 60, List.of(hot, rest)));

    assertThat(after.shards()).containsExactly("hot", "rest");
    assertThat(named(after, "hot").arguments())
        .contains(
            "--expertmesh.expert.experts=*:3",
            "--expertmesh.expert.shard=hot",
            "--expertmesh.expert.routers=" + addresses(before, "router"),
            "--expertmesh.expert.pace-micros=7")
        .noneMatch(argument -> argument.startsWith("--expertmesh.expert.split"));
    // two processes of the one, and one at first of the other, though it may sleep later
    assertThat(threads(after, "hot")).isEqualTo("2");
    assertThat(after.of(ServiceKind.SPARE))
        .isEqualTo(before.of(ServiceKind.SPARE))
        .extracting(InstancePlan::name)
        .containsExactly("spare-0", "spare-1");
    assertThat(named(after, "spare-1").arguments())
        .contains(
            "--expertmesh.expert.spare=true",
            "--expertmesh.expert.replica=spare-1",
            "--expertmesh.expert.routers=" + addresses(before, "router"),
            "--expertmesh.expert.pace-micros=7");
    assertThat(named(after, "autoscaler").arguments())
        .contains("--expertmesh.autoscaler.shards=hot=2..3,rest=0..1");
    for (String untouched : List.of("router", "attention", "gateway")) {
      assertThat(named(after, untouched)).isEqualTo(named(before, untouched));
    }
  }

  @Test
  void aPlacementWithTooManyProcessesIsRefused() {
    MeshPlanner planner =
        new MeshPlanner(
            options(2, 1, 1, 1, 0, Map.of()),
            EIGHT_EXPERTS,
            new AtomicInteger(20_000)::incrementAndGet,
            2);
    Shard many = new Shard("many", "experts", "*:*", 1000, 600, 600, NodePool.CPU);

    assertThatThrownBy(
            () -> planner.placed(planner.plan(), new PlacementRequest("p", 60, List.of(many))))
        .isInstanceOf(LauncherException.class)
        .hasMessage(
            "--placement asks for 600 expert-services; a mesh on one machine has at most 512"
                + " processes.");
  }

  @Test
  void theAddressShownCanBeDialled() {
    assertThat(urlOn("0.0.0.0")).isEqualTo("http://127.0.0.1:8080");
    assertThat(urlOn("::1")).isEqualTo("http://[::1]:8080");
    assertThat(urlOn("10.0.0.7")).isEqualTo("http://10.0.0.7:8080");
  }

  private static String urlOn(String host) {
    UpOptions options = new UpOptions("/m", 1, 1, 1, 1, host, 8080, 0, Map.of());
    return plan(options, EIGHT_EXPERTS, 2).url();
  }

  private static UpOptions options(
      int experts,
      int replicas,
      int attention,
      int routers,
      int threads,
      Map<String, String> settings) {
    return new UpOptions(
        "/models/m", experts, replicas, attention, routers, "127.0.0.1", 8080, threads, settings);
  }

  private static MeshPlan plan(UpOptions options, ModelFacts model, int cores) {
    return new MeshPlanner(options, model, new AtomicInteger(20_000)::incrementAndGet, cores)
        .plan();
  }

  private static InstancePlan named(MeshPlan plan, String name) {
    return plan.instances().stream().filter(i -> i.name().equals(name)).findFirst().orElseThrow();
  }

  private static String addresses(MeshPlan plan, String... names) {
    return String.join(
        ",",
        List.of(names).stream().map(name -> "127.0.0.1:" + named(plan, name).grpcPort()).toList());
  }

  private static String threads(MeshPlan plan, String name) {
    return value(plan, name, "--expertmesh.threads=");
  }

  private static String helpers(MeshPlan plan, String name) {
    return value(plan, name, "--expertmesh.helpers=");
  }

  private static String value(MeshPlan plan, String name, String key) {
    return named(plan, name).arguments().stream()
        .filter(argument -> argument.startsWith(key))
        .map(argument -> argument.substring(key.length()))
        .findFirst()
        .orElseThrow();
  }
}
