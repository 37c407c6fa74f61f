package io.expertmesh.launcher.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class OrphanTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void childrenEndWhenTheirParentIsKilled() throws Exception {
    Process parent =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Parent.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    ProcessHandle child;
    try (BufferedReader said = parent.inputReader(StandardCharsets.UTF_8)) {
      child = ProcessHandle.of(Long.parseLong(said.readLine())).orElseThrow();
      assertThat(child.isAlive()).isTrue();
    } finally {
      parent.destroyForcibly().waitFor();
    }

    child.onExit().get(20, TimeUnit.SECONDS);

    assertThat(child.isAlive()).isFalse();
  }

  /** Starts a child as the launcher does, says its process id, and waits to be killed. */
  static final class Parent {
    public static void main(String[] folder) throws IOException, InterruptedException {
      Path home = Path.of(folder[0]);
      ChildProcess child = ChildProcess.start(List.of("cat"), home, home.resolve("child.log"));
      System.out.println(child.identity().pid());
      System.out.flush();
      new CountDownLatch(1).await();
    }
  }
}
