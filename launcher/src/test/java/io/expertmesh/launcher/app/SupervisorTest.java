package io.expertmesh.launcher.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.InstanceState;
import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshPlan;
import io.expertmesh.launcher.core.MeshState;
import io.expertmesh.launcher.core.Phase;
import io.expertmesh.launcher.core.PlacementRequest;
import io.expertmesh.launcher.core.ProcessRecord;
import io.expertmesh.launcher.core.Rollout;
import io.expertmesh.launcher.core.ServiceKind;
import io.expertmesh.launcher.core.ServiceReport;
import io.expertmesh.protocol.core.Assignment;
import io.expertmesh.render.core.NodePool;
import io.expertmesh.render.core.Shard;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The supervisor over real, small processes: shells that stand for services. */
@Timeout(60)
class SupervisorTest {
  /** Ends when its input ends, as services do; on SIGTERM writes its name and ends. */
  private static final String SERVICE =
      "trap 'echo NAME >> stopped; exit 0' TERM; touch NAME.up; read line";

  private static final String STUBBORN = "trap '' TERM; touch NAME.up; read line";

  private static final List<InstancePlan> FOUR =
      List.of(
          instance(ServiceKind.ROUTER, "router"),
          instance(ServiceKind.EXPERT, "experts-0"),
          instance(ServiceKind.ATTENTION, "attention"),
          instance(ServiceKind.GATEWAY, "gateway"));

  @TempDir private Path folder = Path.of("");
  private final BlockingQueue<MeshState> states = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final PlayedPlacements placements = new PlayedPlacements();

  @AfterEach
  void nothingIsLeftRunning() {
    for (MeshState state : states) {
      assertThat(state.instances()).noneMatch(i -> i.process().find().isPresent());
    }
  }

  @Test
  void itIsReadyWhenAllServicesAreAndStopsThemGatewayFirst() throws Exception {
    Supervisor supervisor = supervisor(Map.of(), Duration.ofSeconds(10));
    Thread thread = Thread.ofPlatform().start(supervisor::run);
    awaitState(state -> state.phase() == Phase.READY);

    supervisor.stop();
    thread.join();

    assertThat(Files.readAllLines(folder.resolve("stopped")))
        .containsExactly("gateway", "attention", "experts-0", "router");
    assertThat(supervisor.isDone()).isTrue();
  }

  @Test
  void aServiceThatEndsWhileStartingEndsTheMeshWithItsSentence() {
    Supervisor supervisor =
        supervisor(
            Map.of("experts-0", "echo 'expertmesh.model: no such directory.'; exit 3"),
            Duration.ofSeconds(10));

    assertThatThrownBy(supervisor::run)
        .isInstanceOf(LauncherException.class)
        .hasMessage(
            "experts-0 ended with exit code 3 while starting: expertmesh.model: no such"
                + " directory.");
    assertThat(states).last().extracting(MeshState::phase).isEqualTo(Phase.FAILED);
  }

  @Test
  void aServiceThatIsKilledLaterIsStartedAgain() throws Exception {
    Supervisor supervisor = supervisor(Map.of(), Duration.ofSeconds(10));
    Thread thread = Thread.ofPlatform().start(supervisor::run);
    MeshState ready = awaitState(state -> state.phase() == Phase.READY);
    InstanceState before = ready.instances().get(1);

    before.process().find().orElseThrow().destroyForcibly();
    MeshState after = awaitState(state -> state.instances().get(1).restarts() == 1);

    assertThat(after.instances().get(1).process().pid()).isNotEqualTo(before.process().pid());
    assertThat(after.phase()).isEqualTo(Phase.READY);
    assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("experts-0 was ended by signal 9");
    supervisor.stop();
    thread.join();
  }

  @Test
  void aServiceThatDoesNotStopIsKilledAfterItsGrace() throws Exception {
    Supervisor supervisor = supervisor(Map.of("attention", STUBBORN), Duration.ofMillis(300));
    Thread thread = Thread.ofPlatform().start(supervisor::run);
    awaitState(state -> state.phase() == Phase.READY);

    supervisor.stop();
    thread.join();

    assertThat(Files.readAllLines(folder.resolve("stopped")))
        .containsExactly("gateway", "experts-0", "router");
  }

  @Test
  void aPlacementStartsWhatIsNewBeforeTheOldLeavesAndKeepsWhatIsTheSame() throws Exception {
    Supervisor supervisor = supervisor(Map.of(), Duration.ofSeconds(10));
    Thread thread = Thread.ofPlatform().start(supervisor::run);
    awaitState(state -> state.phase() == Phase.READY);

    placements.routersKnowAll = false;
    placements.requests.add(request(shard("low", "*:0-3"), shard("high", "*:4-7")));
    MeshState starting = awaitStage(Rollout.Stage.STARTING);
    assertThat(starting.rollout().message())
        .isEqualTo("Starting 2 expert-services; 0 stay as they are, 1 leave afterwards.");
    assertThat(placements.asked.poll(30, TimeUnit.SECONDS)).containsExactly("low", "high");
    assertThat(running(starting)).containsExactly("experts-0", "low", "high");
    assertThat(folder.resolve("stopped")).doesNotExist();

    placements.routersKnowAll = true;
    MeshState done = awaitStage(Rollout.Stage.DONE);
    assertThat(running(done)).containsExactly("low", "high");
    assertThat(placements.placed).containsExactly(List.of("low", "high"));
    assertThat(Files.readAllLines(folder.resolve("stopped"))).containsExactly("experts-0");

    placements.requests.add(request(shard("low", "*:0-3"), shard("high", "*:2-7")));
    MeshState again = awaitStage(Rollout.Stage.DONE);
    assertThat(running(again)).containsExactly("low", "high-r1");
    assertThat(again.rollout().message())
        .isEqualTo("2 shards on 2 expert-services: 1 started, 1 stopped, 1 stayed.");
    supervisor.stop();
    thread.join();
  }

  @Test
  void aPlacementOfWhichAServiceDoesNotStartLeavesTheOldOneServing() throws Exception {
    Supervisor supervisor =
        supervisor(
            Map.of("high", "echo 'expertmesh.expert.experts is odd.'; exit 3"),
            Duration.ofSeconds(10));
    Thread thread = Thread.ofPlatform().start(supervisor::run);
    awaitState(state -> state.phase() == Phase.READY);

    placements.requests.add(request(shard("low", "*:0-3"), shard("high", "*:4-7")));
    MeshState failed = awaitStage(Rollout.Stage.FAILED);

    assertThat(failed.rollout().message())
        .isEqualTo(
            "high ended with exit code 3 while starting: expertmesh.expert.experts is odd."
                + " The placement stays as it was.");
    MeshState after = awaitState(state -> running(state).equals(List.of("experts-0")));
    assertThat(after.instances()).extracting(InstanceState::restarts).containsOnly(0);
    assertThat(placements.placed).isEmpty();
    supervisor.stop();
    thread.join();
  }

  @Test
  void aPlacementThatDoesNotFitIsRefusedBeforeAnythingChanges() throws Exception {
    Supervisor supervisor = supervisor(Map.of(), Duration.ofSeconds(10));
    Thread thread = Thread.ofPlatform().start(supervisor::run);
    awaitState(state -> state.phase() == Phase.READY);

    placements.room = 1;
    placements.requests.add(request(shard("low", "*:0-3"), shard("high", "*:4-7")));
    MeshState failed = awaitStage(Rollout.Stage.FAILED);

    assertThat(failed.rollout().message()).isEqualTo("no room for [low, high]");
    assertThat(failed.instances()).hasSize(FOUR.size());
    supervisor.stop();
    thread.join();
  }

  @Test
  void whatTheAutoscalerWantsWaitsForAChangeOfThePlacement() throws Exception {
    Supervisor supervisor = supervisor(Map.of(), Duration.ofSeconds(10));
    Thread thread = Thread.ofPlatform().start(supervisor::run);
    awaitState(state -> state.phase() == Phase.READY);

    placements.routersKnowAll = false;
    placements.requests.add(request(shard("all", "*:0-7")));
    awaitStage(Rollout.Stage.STARTING);
    supervisor.scale(Map.of("experts-0", 0, "all", 0));
    assertThat(placements.asked.poll(30, TimeUnit.SECONDS)).isNotNull();
    assertThat(folder.resolve("stopped")).doesNotExist();
    placements.routersKnowAll = true;
    assertThat(running(awaitStage(Rollout.Stage.DONE))).containsExactly("all");

    // What it wanted of the old shards was forgotten; what it wants of the new ones holds.
    supervisor.scale(Map.of("experts-0", 3, "all", 2));
    awaitState(state -> running(state).equals(List.of("all", "all-r1")));
    supervisor.stop();
    thread.join();
  }

  @Test
  void aSpareBecomesTheReplicaThatIsNeededAndAnotherIsStartedInItsPlace() throws Exception {
    String waits = SERVICE + "; echo \"$line\" > told; mv NAME.up experts-0-r1.up; read line";
    Supervisor supervisor =
        supervisor(withSpare(), Map.of("spare-0", waits), Duration.ofSeconds(10));
    Thread thread = Thread.ofPlatform().start(supervisor::run);
    ProcessRecord spare =
        process("spare-0", awaitState(state -> replicasOf("spare-0", state) == 1));
    awaitHeard("spare-0 waiting");
    assertThat(folder.resolve("told")).doesNotExist();

    supervisor.scale(Map.of("experts-0", 2));
    MeshState after =
        awaitState(
            state -> replicasOf("experts-0-r1", state) == 1 && replicasOf("spare-0", state) == 1);
    assertThat(process("experts-0-r1", after)).isEqualTo(spare);
    assertThat(process("spare-0", after)).isNotEqualTo(spare);
    awaitHeard("experts-0-r1 ready");
    assertThat(Assignment.parse(Files.readString(folder.resolve("told")).strip()).arguments())
        .containsExactly("--expertmesh.expert.experts=*:0-7", "--expertmesh.grpc.port=2");
    assertThat(folder.resolve("experts-0-r1.log")).exists();

    supervisor.scale(Map.of("experts-0", 1));
    awaitState(state -> replicasOf("experts-0-r1", state) == 0);
    assertThat(spare.find()).isEmpty();
    supervisor.stop();
    thread.join();
  }

  @Test
  void aSpareThatEndsIsStartedAgain() throws Exception {
    Supervisor supervisor = supervisor(withSpare(), Map.of(), Duration.ofSeconds(10));
    Thread thread = Thread.ofPlatform().start(supervisor::run);
    ProcessRecord spare =
        process("spare-0", awaitState(state -> replicasOf("spare-0", state) == 1));

    spare.find().orElseThrow().destroyForcibly();
    MeshState after = awaitState(state -> state.instances().getLast().restarts() == 1);

    assertThat(process("spare-0", after)).isNotEqualTo(spare);
    supervisor.stop();
    thread.join();
  }

  private static List<InstancePlan> withSpare() {
    List<InstancePlan> five = new ArrayList<>(FOUR);
    five.add(instance(ServiceKind.SPARE, "spare-0"));
    return five;
  }

  private static ProcessRecord process(String name, MeshState state) {
    return state.instances().stream()
        .filter(instance -> instance.name().equals(name))
        .map(InstanceState::process)
        .findFirst()
        .orElseThrow();
  }

  private void awaitHeard(String wanted) throws InterruptedException {
    String said = heard.poll(30, TimeUnit.SECONDS);
    while (!wanted.equals(said)) {
      assertThat(said).as("heard within 30 s").isNotNull();
      said = heard.poll(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void onlyAFewReplicasStartAtATime() throws Exception {
    Map<String, String> slow = new HashMap<>();
    for (int i = 1; i <= Fleet.STARTS + 1; i++) {
      slow.put("experts-0-r" + i, "read line");
    }
    Supervisor supervisor = supervisor(slow, Duration.ofSeconds(10));
    Thread thread = Thread.ofPlatform().start(supervisor::run);
    awaitState(state -> state.phase() == Phase.READY);

    supervisor.scale(Map.of("experts-0", Fleet.STARTS + 2));
    awaitState(state -> replicasOf("experts-0", state) == Fleet.STARTS + 1);
    Files.createFile(folder.resolve("experts-0-r1.up"));
    awaitState(state -> replicasOf("experts-0", state) == Fleet.STARTS + 2);
    supervisor.stop();
    thread.join();
  }

  private static long replicasOf(String shard, MeshState state) {
    return state.instances().stream().filter(i -> i.name().startsWith(shard)).count();
  }

  private MeshState awaitStage(Rollout.Stage stage) throws InterruptedException {
    return awaitState(state -> !state.rollout().id().isEmpty() && state.rollout().stage() == stage);
  }

  private MeshState awaitState(Predicate<MeshState> wanted) throws InterruptedException {
    while (true) {
      MeshState state = states.poll(30, TimeUnit.SECONDS);
      assertThat(state).as("state within 30 s").isNotNull();
      if (state != null && wanted.test(state)) {
        return state;
      }
    }
  }

  private Supervisor supervisor(Map<String, String> scripts, Duration grace) {
    return supervisor(FOUR, scripts, grace);
  }

  private Supervisor supervisor(
      List<InstancePlan> plan, Map<String, String> scripts, Duration grace) {
    return new Supervisor(
        new MeshPlan("m", "/m", "http://127.0.0.1:1", plan),
        instance -> {
          String script =
              scripts.getOrDefault(instance.name(), SERVICE).replace("NAME", instance.name());
          return ChildProcess.start(List.of("sh", "-c", script), folder, log(instance));
        },
        instance ->
            Files.exists(folder.resolve(instance.name() + ".up"))
                ? Optional.of(
                    ServiceReport.of(
                        instance.kind() == ServiceKind.SPARE
                            ? ServiceReport.WAITING
                            : ServiceReport.READY))
                : Optional.empty(),
        instance -> Logs.lastWords(log(instance)),
        states::add,
        new Told(),
        placements,
        grace,
        new AtomicInteger(1)::incrementAndGet);
  }

  private static Shard shard(String name, String experts) {
    return new Shard(name, "experts", experts, 1000, 1, 2, NodePool.CPU);
  }

  private static PlacementRequest request(Shard... shards) {
    return new PlacementRequest("p", 30, List.of(shards));
  }

  private List<String> running(MeshState state) {
    return state.instances().stream()
        .filter(instance -> instance.kind() == ServiceKind.EXPERT)
        .filter(instance -> instance.process().find().isPresent())
        .map(InstanceState::name)
        .toList();
  }

  private Path log(InstancePlan instance) {
    return folder.resolve(instance.name() + ".log");
  }

  private static InstancePlan instance(ServiceKind kind, String name) {
    boolean expert = kind == ServiceKind.EXPERT;
    return new InstancePlan(
        kind,
        name,
        expert ? name : "",
        1,
        expert
            ? List.of("--expertmesh.expert.experts=*:0-7", "--expertmesh.grpc.port=1")
            : List.of());
  }

  private final class Told implements SupervisorListener {
    @Override
    public void heard(String name, ServiceReport report, Duration sinceStart) {
      heard.add(name + " " + report.state());
    }

    @Override
    public void progressed(Duration sinceStart) {}

    @Override
    public void ready(Duration sinceStart) {}

    @Override
    public void restarting(String name, String how, Duration delay) {
      told.add(name + " " + how);
    }
  }
}
