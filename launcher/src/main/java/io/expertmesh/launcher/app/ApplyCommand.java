package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.launcher.core.MeshState;
import io.expertmesh.launcher.core.Phase;
import io.expertmesh.launcher.core.PlacementRequest;
import io.expertmesh.launcher.core.Rollout;
import io.expertmesh.render.app.Renderer;
import io.expertmesh.render.core.RenderException;
import io.expertmesh.render.core.Shard;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Brings a running mesh to another placement. */
@Command(
    name = "apply",
    description = {
      "Brings the running mesh to a placement, while requests go on: starts the expert-services",
      "that it asks for, waits until the routers send rows to them, then lets those go that it has",
      "no use for. If one does not start, the mesh stays as it was."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false)
final class ApplyCommand implements Callable<Integer> {
  private static final long TICK_MILLIS = 100;
  private static final int LONGEST_PATIENCE = 86_400;

  @ParentCommand @Nullable MeshCommand mesh;

  @Option(
      names = "--placement",
      paramLabel = "FILE",
      required = true,
      description = "Shards by name, experts, least and most replicas, as ./mesh plan --out writes")
  private @Nullable Path placement;

  @Option(
      names = "--patience",
      paramLabel = "SECONDS",
      defaultValue = "600",
      description = "How long the new expert-services may take to load their weights")
  private int patience;

  @Override
  public Integer call() throws InterruptedException {
    RunDirectory run = Objects.requireNonNull(mesh, "mesh").runDirectory();
    if (patience < 1 || patience > LONGEST_PATIENCE) {
      throw new LauncherException(
          "--patience is " + patience + ", must be from 1 to " + LONGEST_PATIENCE + ".");
    }
    MeshState state = Meshes.require(run);
    if (state.phase() != Phase.READY) {
      throw new LauncherException("The mesh is not ready yet; see ./mesh status.");
    }
    PlacementRequest request =
        new PlacementRequest(UUID.randomUUID().toString(), patience, shards(state));
    PlacementMailbox mailbox = new PlacementMailbox(run);
    Optional<FileLock> lock = mailbox.tryLock();
    if (lock.isEmpty() || !Meshes.require(run).rollout().ended()) {
      throw new LauncherException("Another placement is being applied; wait until it is done.");
    }
    mailbox.put(request);
    follow(run, request.id());
    return 0;
  }

  private List<Shard> shards(MeshState state) {
    try {
      List<Shard> shards =
          Renderer.placement(Path.of(state.model()), Objects.requireNonNull(placement));
      if (shards.isEmpty()) {
        throw new LauncherException(
            state.modelId() + " has no routed experts, so there is nothing to place.");
      }
      return shards;
    } catch (RenderException e) {
      throw new LauncherException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Shows how far it is until it is done. */
  private static void follow(RunDirectory run, String id) throws InterruptedException {
    Terminal terminal = Terminal.system();
    Rollout shown = Rollout.NONE;
    while (true) {
      Rollout now = Meshes.require(run).rollout();
      if (now.id().equals(id) && !now.equals(shown)) {
        if (now.stage() == Rollout.Stage.FAILED) {
          throw new LauncherException(now.message());
        }
        terminal.line(now.message());
        shown = now;
      }
      if (shown.ended() && shown.id().equals(id)) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
    }
  }
}
