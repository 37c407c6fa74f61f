package io.expertmesh.launcher.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.ServiceKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeTest {
  private static final String VECTORS = "--add-modules=jdk.incubator.vector";
  private static final String OTHER = "--enable-native-access=ALL-UNNAMED";

  @TempDir Path dist;

  @Test
  void onlyServicesThatComputeLoadTheVectorModule() throws IOException {
    Tree tree = new Tree(dist, List.of(VECTORS, OTHER));
    for (ServiceKind kind : ServiceKind.values()) {
      Files.writeString(dist.resolve(kind.artifact() + ".classpath"), "lib/a.jar:lib/b.jar\n");

      List<String> command = tree.tool(kind, "Main", List.of("word"));

      assertThat(command).as("%s", kind).contains(OTHER);
      assertThat(command.contains(VECTORS)).as("%s", kind).isEqualTo(kind.computing());
      assertThat(command).endsWith("Main", "word");
    }
    assertThat(ServiceKind.EXPERT.computing()).isTrue();
    assertThat(ServiceKind.GATEWAY.computing()).isFalse();
  }

  @Test
  void aTreeThatWasNotBuiltSaysSo() {
    Tree tree = new Tree(dist, List.of());

    assertThatThrownBy(() -> tree.tool(ServiceKind.GATEWAY, "Main", List.of()))
        .isInstanceOf(LauncherException.class)
        .hasMessageContaining("./mesh build");
  }
}
