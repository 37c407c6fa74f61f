package io.expertmesh.model.core;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;

/** Opens checkpoints in the layout of the Hugging Face hub. */
public final class Checkpoints {
  private Checkpoints() {}

  /**
   * Opens a checkpoint under the name of its directory.
   *
   * @throws CheckpointException if it cannot be served; the message says why in one sentence
   */
  public static Checkpoint open(Path dir) {
    Path name = dir.toAbsolutePath().normalize().getFileName();
    return open(dir, name == null ? "model" : name.toString());
  }

  /**
   * Opens a checkpoint: {@code config.json}, {@code generation_config.json} if there is one, and
   * {@code model.safetensors} or its sharded index. Every tensor that the model needs is checked
   * here; none is read.
   *
   * @param modelId name that the model is served under
   * @throws CheckpointException if it cannot be served; the message says why in one sentence
   */
  public static Checkpoint open(Path dir, String modelId) {
    Described described = describe(dir);
    try {
      long version = WeightsDigest.of(described.config().json(), described.files());
      return new MappedCheckpoint(described.spec(), modelId, version, described.files());
    } catch (RuntimeException e) {
      described.close();
      throw e;
    }
  }

  /**
   * Names of the files with tensors.
   *
   * @param dir checkpoint, of which only the index needs to be there, if it has one
   */
  public static SortedSet<String> tensorFiles(Path dir) {
    return TensorFiles.names(dir);
  }

  /** A checkpoint whose headers have been read and checked, and no tensor. */
  record Described(ModelConfig config, ModelSpec spec, TensorFiles files) implements AutoCloseable {
    @Override
    public void close() {
      files.close();
    }
  }

  static Described describe(Path dir) {
    if (!Files.isDirectory(dir)) {
      throw new CheckpointException(
          dir, Files.exists(dir) ? "is not a directory" : "there is no such directory");
    }
    ModelConfig config = ModelConfig.read(dir.resolve("config.json"));
    Quantization quantization = Quantization.read(config);
    ModelFamily family = ModelFamilies.of(config);
    TensorFiles files = TensorFiles.open(dir);
    try {
      TensorCatalog tensors = new TensorCatalog(files, quantization);
      ModelSpec described =
          DeclaredGating.read(config)
              .map(declared -> declared.in(family.describe(config, tensors), tensors))
              .orElseGet(() -> family.describe(config, tensors));
      tensors.refuseUnused(new LeftOvers(config, described)::mayStay);
      return new Described(config, described.withEosTokenIds(eosTokenIds(dir, described)), files);
    } catch (RuntimeException e) {
      files.close();
      throw e;
    }
  }

  private static List<Integer> eosTokenIds(Path dir, ModelSpec spec) {
    Set<Integer> ids = new LinkedHashSet<>(spec.eosTokenIds());
    Path generation = dir.resolve("generation_config.json");
    if (Files.exists(generation)) {
      ids.addAll(ModelConfig.read(generation).integers("eos_token_id"));
    }
    return List.copyOf(ids);
  }
}
