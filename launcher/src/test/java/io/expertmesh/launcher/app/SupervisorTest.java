package io.expertmesh.launcher.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.launcher.core.InstancePlan;
import io.expertmesh.launcher.core.InstanceState;
import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshPlan;
import io.expertmesh.launcher.core.MeshState;
import io.expertmesh.launcher.core.Phase;
import io.expertmesh.launcher.core.ServiceKind;
import io.expertmesh.launcher.core.ServiceReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
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
    return new Supervisor(
        new MeshPlan("m", "http://127.0.0.1:1", FOUR),
        instance -> {
          String script =
              scripts.getOrDefault(instance.name(), SERVICE).replace("NAME", instance.name());
          return ChildProcess.start(List.of("sh", "-c", script), folder, log(instance));
        },
        instance ->
            Files.exists(folder.resolve(instance.name() + ".up"))
                ? Optional.of(ServiceReport.of(ServiceReport.READY))
                : Optional.empty(),
        instance -> Logs.lastWords(log(instance)),
        states::add,
        new Told(),
        grace,
        () -> 1);
  }

  private Path log(InstancePlan instance) {
    return folder.resolve(instance.name() + ".log");
  }

  private static InstancePlan instance(ServiceKind kind, String name) {
    return new InstancePlan(kind, name, "", 1, List.of());
  }

  private final class Told implements SupervisorListener {
    @Override
    public void heard(String name, ServiceReport report, Duration sinceStart) {}

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
