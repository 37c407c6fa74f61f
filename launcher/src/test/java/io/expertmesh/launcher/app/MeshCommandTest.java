package io.expertmesh.launcher.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class MeshCommandTest {
  private static final String MODEL =
      Path.of("../models/tiny-moe").toAbsolutePath().normalize().toString();

  @TempDir private Path run = Path.of("");
  private final StringWriter errors = new StringWriter();

  @Test
  void aModelThatIsNotThereIsAPlainSentence() {
    assertThat(mesh("up", "--model", run.resolve("nothing").toString())).isEqualTo(1);
    assertThat(errors.toString())
        .startsWith("mesh: The model cannot be served: ")
        .contains("nothing")
        .hasLineCount(1);
    assertThat(run.resolve("mesh.json")).doesNotExist();
  }

  @Test
  void moreShardsThanExpertsAreAPlainSentence() {
    assertThat(mesh("up", "--model", MODEL, "--experts", "9", "--port", "17999")).isEqualTo(1);
    assertThat(errors)
        .hasToString("mesh: --experts is 9, but tiny-moe has only 8 experts in a layer.\n");
    assertThat(run.resolve("mesh.json")).doesNotExist();
  }

  @Test
  void aValueOutOfRangeIsAPlainSentence() {
    assertThat(mesh("up", "--model", MODEL, "--port", "0")).isEqualTo(1);
    assertThat(errors).hasToString("mesh: --port is 0; it must be from 1 to 65535.\n");
  }

  @Test
  void anUnknownOptionShowsTheUsage() {
    assertThat(mesh("up", "--exprets", "4")).isEqualTo(2);
    assertThat(errors.toString()).contains("--exprets").contains("--experts");
  }

  @Test
  void wordsThatNeedAMeshSaySoWhereThereIsNone() {
    for (String word : new String[] {"status", "chat"}) {
      assertThat(mesh(word)).isEqualTo(1);
    }
    assertThat(errors.toString().lines().distinct())
        .containsExactly("mesh: No mesh is up here; start one with ./mesh up.");
  }

  @Test
  void aRunFolderThatCannotBeMadeIsAPlainSentence() throws Exception {
    Path file = Files.createFile(run.resolve("file"));
    assertThat(mesh("up", "--model", MODEL, "--run-dir", file.resolve("x").toString()))
        .isEqualTo(1);
    assertThat(errors.toString()).startsWith("mesh: Cannot write to ").hasLineCount(1);
  }

  @Test
  void makeModelRefusesAShapeThatCannotBe() {
    assertThat(mesh("make-model", run.resolve("m").toString(), "--top-k", "9")).isEqualTo(1);
    assertThat(errors).hasToString("mesh: topK is 9 of 8 experts, must be from 1 to all of them\n");
  }

  private int mesh(String... words) {
    CommandLine line = MeshCommand.commandLine().setErr(new PrintWriter(errors, true));
    String[] all = new String[words.length + 2];
    all[0] = "--run-dir";
    all[1] = run.toString();
    System.arraycopy(words, 0, all, 2, words.length);
    return line.execute(all);
  }
}
