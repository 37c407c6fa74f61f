package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.transport.RestClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** A conversation in the terminal; every line typed is one message. */
@Command(
    name = "chat",
    description = "Talks with the model: one line per message, Ctrl-D ends.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true)
final class ChatCommand implements Callable<Integer> {
  @ParentCommand @Nullable MeshCommand mesh;
  @Mixin private SamplingOptions sampling = new SamplingOptions();

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "First message, which tells the model how to behave")
  private @Nullable String system;

  @Override
  public Integer call() throws IOException {
    Terminal terminal = Terminal.system();
    SamplingOptions.Target target =
        sampling.target(Objects.requireNonNull(mesh, "mesh").runDirectory());
    List<Map<String, String>> messages = new ArrayList<>();
    if (system != null) {
      messages.add(message("system", system));
    }
    try (RestClient client = new RestClient(target.url())) {
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));
      while (true) {
        if (terminal.canRedraw()) {
          terminal.text("> ");
        }
        String line = in.readLine();
        if (line == null) {
          terminal.line("");
          return 0;
        }
        if (!line.isBlank()) {
          messages.add(message("user", line));
          answer(client, target, messages, terminal);
        }
      }
    }
  }

  /** A refused message is taken back, so that the conversation can go on. */
  private void answer(
      RestClient client,
      SamplingOptions.Target target,
      List<Map<String, String>> messages,
      Terminal terminal) {
    Map<String, Object> body = sampling.body(target);
    body.put("messages", messages);
    StringBuilder answer = new StringBuilder();
    try {
      client.chat(
          body,
          piece -> {
            answer.append(piece);
            terminal.text(piece);
          });
      terminal.line("");
      messages.add(message("assistant", answer.toString()));
    } catch (LauncherException e) {
      messages.removeLast();
      terminal.line("mesh: " + e.getMessage());
    }
  }

  private static Map<String, String> message(String role, String content) {
    return Map.of("role", role, "content", content);
  }
}
