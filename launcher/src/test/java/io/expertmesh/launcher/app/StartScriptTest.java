package io.expertmesh.launcher.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The start script in a small tree of its own, with a JDK and a Maven that only say what they do.
 */
@Timeout(60)
class StartScriptTest {
  private static final List<String> MODULES =
      List.of(
          "protocol",
          "model",
          "router-service",
          "expert-service",
          "attention-service",
          "gateway",
          "kafka",
          "k8s",
          "launcher");

  private static final String MAVEN =
      """
      #!/bin/sh
      echo "maven $*" >> "$PWD/calls"
      [ -z "$FAKE_FAILURE" ] || { echo "[ERROR] X.java:[1,2] $FAKE_FAILURE"; exit 1; }
      mkdir -p dist/lib
      for a in router-service expert-service attention-service gateway kafka k8s launcher; do
        echo lib/some.jar > dist/$a.classpath
        : > dist/lib/$a.jar
      done
      """;

  private static final String JAVA =
      """
      #!/bin/sh
      echo "java $*"
      """;

  @TempDir private Path folder = Path.of("");
  private Path tree = Path.of("");
  private Path jdk = Path.of("");
  private Path bin = Path.of("");

  @BeforeEach
  void makeTree() throws IOException {
    tree = Files.createDirectories(folder.resolve("a tree with spaces"));
    jdk = folder.resolve("jdk");
    bin = Files.createDirectories(folder.resolve("bin"));
    program(tree.resolve("mesh"), Files.readString(Path.of("../mesh")));
    program(bin.resolve("mvn"), MAVEN);
    program(jdk.resolve("bin/java"), JAVA);
    program(jdk.resolve("bin/javac"), JAVA);
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25.0.1\"\n");
    Files.writeString(tree.resolve("pom.xml"), "");
    for (String module : MODULES) {
      Files.createDirectories(tree.resolve(module).resolve("src/main/java"));
      Files.writeString(tree.resolve(module).resolve("pom.xml"), "");
      Files.writeString(tree.resolve(module).resolve("src/main/java/A.java"), "");
    }
  }

  @Test
  void theFirstUseBuildsAndTheNextDoesNot() throws Exception {
    Result first = mesh(Map.of(), "status");
    assertThat(first.code()).as(first.output()).isZero();
    assertThat(first.output()).contains("Building the mesh").contains("MeshCommand status");

    Result second = mesh(Map.of(), "status");
    assertThat(second.output()).doesNotContain("Building").contains("MeshCommand status");
    assertThat(calls()).hasSize(1);
  }

  @Test
  void aNewerSourceOrARemovedOneIsBuilt() throws Exception {
    mesh(Map.of(), "up");
    later(tree.resolve("router-service/src/main/java/A.java"));
    mesh(Map.of(), "status");
    assertThat(calls()).as("status builds only where nothing is built").hasSize(1);
    mesh(Map.of(), "up");
    assertThat(calls()).hasSize(2);

    Files.delete(tree.resolve("model/src/main/java/A.java"));
    later(tree.resolve("model/src/main/java"));
    mesh(Map.of(), "up");
    assertThat(calls()).hasSize(3);
  }

  @Test
  void theTreeOfARunningMeshIsNotReplaced() throws Exception {
    mesh(Map.of(), "up");
    later(tree.resolve("pom.xml"));
    long pid = ProcessHandle.current().pid();
    Path run = Files.createDirectories(tree.resolve("run"));
    Files.writeString(
        run.resolve("mesh.json"), "{\n  \"supervisor\" : {\n    \"pid\" : " + pid + "\n  }\n}\n");

    Result refused = mesh(Map.of(), "up");

    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.output()).contains("a mesh is up (process " + pid + ")");
    assertThat(calls()).hasSize(1);
  }

  @Test
  void aFailedBuildShowsItsErrorsAndIsTriedAgain() throws Exception {
    Result failed = mesh(Map.of("FAKE_FAILURE", "cannot find symbol"), "up");
    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.output())
        .contains("cannot find symbol")
        .contains("the build failed")
        .doesNotContain("MeshCommand up");

    assertThat(mesh(Map.of(), "up").output()).contains("MeshCommand up");
  }

  @Test
  void argumentsOfMavenReachIt() throws Exception {
    mesh(
        Map.of("MESH_MVN_ARGS", "-Dmaven.repo.local=elsewhere", "MAVEN_ARGS", "-o"), "build", "-X");
    assertThat(calls()).hasSize(1);
    assertThat(calls().getFirst())
        .contains("-Dmaven.repo.local=elsewhere")
        .contains("-o")
        .endsWith("-X");
  }

  @Test
  void theTestWordBuildsWhatProcessesRunAndThenRunsEverything() throws Exception {
    mesh(Map.of(), "test", "-Dx=1");
    assertThat(calls()).hasSize(2);
    assertThat(calls().getFirst()).contains("package").endsWith("-Dx=1");
    assertThat(calls().getLast()).contains("verify").endsWith("-Dx=1").doesNotContain("skip");
  }

  @Test
  void argumentsWithSpacesReachTheLauncher() throws Exception {
    program(jdk.resolve("bin/java"), "#!/bin/sh\nfor a; do echo \"<$a>\"; done\n");
    assertThat(mesh(Map.of(), "generate", "two words").output())
        .contains("<two words>")
        .contains("<-Dexpertmesh.home=" + tree.toRealPath() + ">");
  }

  @Test
  void noMavenIsAPlainSentence() throws Exception {
    Files.delete(bin.resolve("mvn"));
    Result result = mesh(Map.of(), "up");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.output()).contains("Maven (mvn) was not found");
  }

  @Test
  void aJdkThatIsTooOldIsPassedOver() throws Exception {
    Path old = folder.resolve("old");
    program(old.resolve("bin/java"), "#!/bin/sh\necho too old\n");
    program(old.resolve("bin/javac"), "#!/bin/sh\n");
    Files.writeString(old.resolve("release"), "JAVA_VERSION=\"17.0.9\"\n");
    Files.createSymbolicLink(bin.resolve("java"), jdk.resolve("bin/java"));

    assertThat(mesh(Map.of("JAVA_HOME", old.toString()), "status").output())
        .doesNotContain("too old")
        .contains("MeshCommand status");
  }

  private List<String> calls() throws IOException {
    return Files.readAllLines(tree.resolve("calls"));
  }

  private static void later(Path path) throws IOException {
    Files.setLastModifiedTime(path, FileTime.from(Instant.now().plusSeconds(5)));
  }

  private record Result(int code, String output) {}

  private Result mesh(Map<String, String> environment, String... words)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(tree.resolve("mesh").toString()));
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", bin + ":" + tools());
    builder.environment().put("HOME", folder.resolve("home").toString());
    builder.environment().put("JAVA_HOME", jdk.toString());
    builder.environment().put("MESH_CACHE", "never");
    builder.environment().putAll(environment);
    Process process = builder.redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), output);
  }

  /** A folder with the few tools that the script may use, so that no real mvn or java is found. */
  private Path tools() throws IOException {
    Path tools = Files.createDirectories(folder.resolve("tools"));
    for (String tool :
        List.of(
            "sh",
            "dirname",
            "readlink",
            "sed",
            "find",
            "head",
            "tail",
            "tr",
            "mkdir",
            "rm",
            "mv",
            "cat",
            "date",
            "sleep",
            "grep")) {
      Path link = tools.resolve(tool);
      for (String place : List.of("/bin", "/usr/bin")) {
        if (!Files.exists(link) && Files.isExecutable(Path.of(place, tool))) {
          Files.createSymbolicLink(link, Path.of(place, tool));
        }
      }
    }
    return tools;
  }

  private static void program(Path path, String text) throws IOException {
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
