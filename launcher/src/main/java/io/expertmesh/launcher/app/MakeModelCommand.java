package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.model.core.CheckpointException;
import io.expertmesh.model.core.RandomCheckpoint;
import io.expertmesh.model.core.RandomShape;
import io.expertmesh.model.kernel.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a checkpoint of random weights, for benchmarks of shapes that nobody trained. */
@Command(
    name = "make-model",
    description = {
      "Writes a random Mixtral checkpoint (with --experts 0 a dense Llama) of a given shape.",
      "It has no tokenizer: the mesh serves it on token ids."
    },
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false)
final class MakeModelCommand implements Callable<Integer> {
  private static final long MEBIBYTE = 1 << 20;

  @Parameters(paramLabel = "DIR", description = "New or empty directory")
  private Path directory = Path.of("");

  @Option(names = "--layers", paramLabel = "N", defaultValue = "8", description = "Layers")
  private int layers;

  @Option(names = "--hidden", paramLabel = "N", defaultValue = "1024", description = "Hidden size")
  private int hidden;

  @Option(
      names = "--inner",
      paramLabel = "N",
      defaultValue = "3584",
      description = "Inner width of an expert")
  private int inner;

  @Option(
      names = "--experts",
      paramLabel = "N",
      defaultValue = "8",
      description = "Experts per layer; 0 = a dense model")
  private int experts;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "2",
      description = "Experts per token")
  private int topK;

  @Option(names = "--heads", paramLabel = "N", defaultValue = "16", description = "Query heads")
  private int heads;

  @Option(
      names = "--kv-heads",
      paramLabel = "N",
      defaultValue = "4",
      description = "Key-value heads")
  private int kvHeads;

  @Option(
      names = "--head-dim",
      paramLabel = "N",
      defaultValue = "64",
      description = "Floats per head")
  private int headDim;

  @Option(names = "--vocab", paramLabel = "N", defaultValue = "32000", description = "Vocabulary")
  private int vocab;

  @Option(
      names = "--max-positions",
      paramLabel = "N",
      defaultValue = "4096",
      description = "Context length")
  private int maxPositions;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      defaultValue = "BF16",
      description = "Stored weights: F32 or BF16")
  private DType dtype = DType.BF16;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "Same seed, same files")
  private long seed;

  @Option(
      names = "--shard-mib",
      paramLabel = "MIB",
      defaultValue = "2048",
      description = "Largest weights file; more is split")
  private long shardMebibytes;

  @Override
  public Integer call() {
    try {
      RandomShape shape =
          new RandomShape(
              layers,
              hidden,
              inner,
              experts,
              experts == 0 ? 0 : topK,
              heads,
              kvHeads,
              headDim,
              vocab,
              maxPositions,
              dtype,
              seed);
      RandomCheckpoint.write(directory, shape, Math.multiplyExact(shardMebibytes, MEBIBYTE));
    } catch (CheckpointException | IllegalArgumentException | ArithmeticException e) {
      throw new LauncherException(String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new LauncherException("Cannot write " + directory + ": " + e, e);
    }
    Terminal.system().line("Wrote " + directory.toAbsolutePath().normalize());
    return 0;
  }
}
