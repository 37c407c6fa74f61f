package io.expertmesh.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.tests.support.MeshUnderTest;
import io.expertmesh.tests.support.SharedMixtral;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.ObjectMapper;

/** What the mesh command does when it is used wrongly or dies. */
class LauncherFaultsTest {
  @TempDir Path run;

  @Test
  void aKilledLauncherLeavesNoOrphansAndASecondUpIsRefusedWhileItLives() throws Exception {
    int port = MeshUnderTest.freePort();
    List<String> up =
        List.of(
            "up",
            "--detach",
            "--model",
            MeshUnderTest.golden("mixtral").toString(),
            "--experts",
            "2",
            "--port",
            "" + port);
    MeshUnderTest.CommandResult first = MeshUnderTest.command(run, up);
    assertThat(first.status()).as(first.output()).isZero();
    assertThat(first.output()).contains("curl");

    MeshUnderTest.CommandResult second = MeshUnderTest.command(run, up);
    assertThat(second.status()).as(second.output()).isNotZero();
    assertThat(second.output()).doesNotContain("\tat ");

    var state = new ObjectMapper().readTree(Files.readString(run.resolve("mesh.json")));
    List<Long> services =
        state
            .path("instances")
            .valueStream()
            .map(i -> i.path("process").path("pid").asLong())
            .toList();
    // the broker follows once the mesh serves
    assertThat(services)
        .hasSizeBetween(5, 6)
        .allSatisfy(pid -> assertThat(ProcessHandle.of(pid)).isPresent());
    long supervisor = state.path("supervisor").path("pid").asLong();
    ProcessHandle.of(supervisor).orElseThrow().destroyForcibly();
    for (long pid : services) {
      ProcessHandle.of(pid)
          .map(ProcessHandle::onExit)
          .ifPresent(
              exit -> {
                try {
                  exit.get(30, TimeUnit.SECONDS);
                } catch (Exception e) {
                  throw new AssertionError("process " + pid + " outlived its launcher by 30 s", e);
                }
              });
    }
    MeshUnderTest.CommandResult status = MeshUnderTest.command(run, List.of("status"));
    assertThat(status.output()).doesNotContain("\tat ");
  }

  @Test
  void aTakenPortGetsAPlainSentence() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      MeshUnderTest.CommandResult result =
          MeshUnderTest.command(
              run, List.of("up", "--detach", "--port", "" + taken.getLocalPort()));
      assertThat(result.status()).isNotZero();
      assertThat(result.output()).contains("" + taken.getLocalPort()).doesNotContain("\tat ");
    }
  }

  @Test
  @ExtendWith(SharedMixtral.class)
  void aServiceThatDiesIsStartedAgainAndServesOn(MeshUnderTest mesh) {
    var request = Map.of("prompt", List.of(5, 6, 7), "max_tokens", 4, "temperature", 0);
    assertThat(mesh.client().post("/v1/completions", request).status()).isEqualTo(200);
    MeshUnderTest.Instance expert =
        mesh.instances().stream()
            .filter(i -> i.name().startsWith("experts-"))
            .findFirst()
            .orElseThrow();
    mesh.signal(expert, "KILL");
    // the only replica of its shard is gone: the request waits for the restarted one and then
    // succeeds
    assertThat(mesh.client().post("/v1/completions", request).status()).isEqualTo(200);
    assertThat(mesh.instance(expert.name()).pid()).isNotEqualTo(expert.pid());
  }
}
