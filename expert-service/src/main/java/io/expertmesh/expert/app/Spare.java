package io.expertmesh.expert.app;

import io.expertmesh.protocol.core.Assignment;
import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.core.StatusBoard;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.CommandLinePropertySource;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.SimpleCommandLinePropertySource;

/**
 * A process that is ready but for the weights, which it is told of later: its arguments are then
 * replaced by those of the replica that it becomes. What its server and its kernels were made from
 * stays.
 */
final class Spare {
  private final ConfigurableEnvironment environment;
  private final StatusBoard board;

  Spare(ConfigurableEnvironment environment, StatusBoard board) {
    this.environment = Objects.requireNonNull(environment, "environment");
    this.board = Objects.requireNonNull(board, "board");
  }

  /** Waits for the assignment and returns what the process is from then on. */
  ExpertProperties await(CompletableFuture<String> line) {
    board.state(ServiceState.WAITING, "for a shard");
    Assignment assignment = Assignment.parse(line.join());
    environment
        .getPropertySources()
        .replace(
            CommandLinePropertySource.COMMAND_LINE_PROPERTY_SOURCE_NAME,
            new SimpleCommandLinePropertySource(assignment.arguments().toArray(String[]::new)));
    ExpertProperties properties =
        Binder.get(environment).bindOrCreate("expertmesh", ExpertProperties.class);
    board.instance(properties.expert().replicaName());
    return properties;
  }
}
