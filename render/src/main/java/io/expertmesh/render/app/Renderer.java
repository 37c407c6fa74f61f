package io.expertmesh.render.app;

import io.expertmesh.expert.core.ShardNotation;
import io.expertmesh.expert.core.ShardSpec;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.CheckpointException;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.core.FetchPlan;
import io.expertmesh.model.core.LayerBudget;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.TensorNeeds;
import io.expertmesh.model.core.WeightBudget;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.render.core.FetchSizes;
import io.expertmesh.render.core.Manifests;
import io.expertmesh.render.core.NodePool;
import io.expertmesh.render.core.RenderException;
import io.expertmesh.render.core.RenderOptions;
import io.expertmesh.render.core.Shard;
import io.expertmesh.render.core.WeightsUrl;
import io.expertmesh.render.core.Workload;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Looks at a checkpoint and a placement, and writes the manifests. */
public final class Renderer {
  private static final int DEFAULT_MAX = 4;

  private Renderer() {}

  /**
   * Renders into a folder; files that are there are replaced.
   *
   * @param model checkpoint directory
   * @param placement file that says which shards there are
   * @param evenShards number of even shards where there is no placement
   * @param weightsUrl folder that pods may fetch the checkpoint from
   * @return number of files written
   * @throws RenderException with a sentence
   */
  public static int render(
      Path model,
      Optional<Path> placement,
      int evenShards,
      RenderOptions options,
      Optional<String> weightsUrl,
      Path out) {
    Optional<WeightsUrl> url = weightsUrl.map(WeightsUrl::parse);
    Workload workload = workload(model, placement, evenShards);
    Map<String, List<?>> files = Manifests.render(workload, options, url);
    files.forEach((path, documents) -> write(out.resolve(path), documents));
    return files.size();
  }

  /**
   * The shards of a placement; together they host every expert. None for a model without experts.
   *
   * @param model checkpoint directory
   * @throws RenderException with a sentence that names what is wrong
   */
  public static List<Shard> placement(Path model, Path file) {
    return workload(model, Optional.of(file), 0).shards();
  }

  /** What a checkpoint and its placement are, in numbers. */
  static Workload workload(Path model, Optional<Path> placement, int evenShards) {
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      ModelSpec spec = checkpoint.spec();
      WeightBudget budget = WeightBudget.of(checkpoint);
      List<Shard> shards =
          spec.routedLayers().isEmpty()
              ? List.of()
              : placement
                  .map(file -> PlacementFile.read(file, n -> bytes(n, spec, budget)))
                  .orElseGet(() -> even(evenShards, spec, budget));
      requireAllExperts(shards, spec);
      long gates = budget.layers().stream().mapToLong(LayerBudget::gate).sum();
      long experts = budget.layers().stream().mapToLong(LayerBudget::allExperts).sum();
      return new Workload(
          checkpoint.modelId(),
          budget.total() - experts - gates,
          gates,
          shards,
          fetched(model, shards));
    } catch (CheckpointException e) {
      throw new RenderException(String.valueOf(e.getMessage()), e);
    }
  }

  private static FetchSizes fetched(Path model, List<Shard> shards) {
    List<TensorNeeds> needs = new ArrayList<>(List.of(TensorNeeds::rest, TensorNeeds::gates));
    for (Shard shard : shards) {
      Notation notation = new Notation(shard.name(), shard.key(), shard.value());
      needs.add(
          spec ->
              spec(notation, spec).blocks().stream()
                  .map(b -> spec.routed(b.layer()).orElseThrow().experts().get(b.expert()))
                  .flatMap(expert -> TensorNeeds.expert(expert).stream())
                  .toList());
    }
    List<FetchPlan> plans = FetchPlan.all(model, needs);
    Map<String, Long> bytes = new TreeMap<>();
    for (int i = 0; i < shards.size(); i++) {
      bytes.put(shards.get(i).name(), plans.get(2 + i).onDisk());
    }
    return new FetchSizes(plans.get(0).onDisk(), plans.get(1).onDisk(), bytes);
  }

  private static List<Shard> even(int count, ModelSpec spec, WeightBudget budget) {
    List<Shard> shards = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Notation notation = new Notation("experts-" + i, "split", i + "/" + count);
      shards.add(
          new Shard(
              notation.name(),
              notation.key(),
              notation.value(),
              bytes(notation, spec, budget),
              1,
              DEFAULT_MAX,
              NodePool.CPU));
    }
    return shards;
  }

  private static ShardSpec spec(Notation notation, ModelSpec spec) {
    boolean split = notation.key().equals("split");
    try {
      return ShardNotation.parse(
          notation.name(), spec, split ? "" : notation.value(), split ? notation.value() : "");
    } catch (MeshException e) {
      throw new RenderException("Shard " + notation.name() + ": " + e.getMessage(), e);
    }
  }

  private static long bytes(Notation notation, ModelSpec spec, WeightBudget budget) {
    return spec(notation, spec).blocks().stream()
        .mapToLong(block -> budget.layers().get(block.layer()).expert())
        .sum();
  }

  private static void requireAllExperts(List<Shard> shards, ModelSpec spec) {
    if (spec.routedLayers().isEmpty()) {
      return;
    }
    var placed =
        shards.stream()
            .flatMap(
                shard ->
                    spec(new Notation(shard.name(), shard.key(), shard.value()), spec)
                        .blocks()
                        .stream())
            .map(block -> block.layer() + "/" + block.expert())
            .collect(Collectors.toSet());
    for (int layer : spec.routedLayers()) {
      int experts = spec.routed(layer).orElseThrow().experts().size();
      for (int expert = 0; expert < experts; expert++) {
        if (!placed.contains(layer + "/" + expert)) {
          throw new RenderException(
              "Expert " + expert + " of layer " + layer + " is in no shard of the placement.");
        }
      }
    }
  }

  private static void write(Path file, List<?> documents) {
    String text = documents.stream().map(Serialization::asYaml).collect(Collectors.joining());
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new RenderException("Cannot write " + file + ".", e);
    }
  }
}
