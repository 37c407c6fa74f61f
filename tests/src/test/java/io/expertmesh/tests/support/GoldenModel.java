package io.expertmesh.tests.support;

import io.expertmesh.attention.core.ScoredToken;
import io.expertmesh.model.core.SafetensorsFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A golden checkpoint, and how far the answers of a mesh are from what its reference computed. */
public final class GoldenModel implements AutoCloseable {
  private final Path directory;
  private final SafetensorsFile expected;
  private final long[] inputIds;
  private final float[] logits;

  /** Opens the golden checkpoint of a name. */
  public GoldenModel(String name) {
    directory = MeshUnderTest.golden(name);
    expected = SafetensorsFile.open(directory.resolve("expected.safetensors"));
    inputIds = expected.longs("input_ids");
    logits = expected.floats("logits");
  }

  /** Where the checkpoint is. */
  public Path directory() {
    return directory;
  }

  /** Tokens of its vocabulary. */
  public int vocabulary() {
    return logits.length / inputIds.length;
  }

  /** |log-probability − reference| of every token of the vocabulary at every scored position. */
  public List<Double> differences(OpenAiClient client) {
    int length = inputIds.length / 2;
    int vocabulary = vocabulary();
    List<Double> differences = new ArrayList<>();
    for (int row = 0; row < 2; row++) {
      List<Integer> prompt = Logits.ids(inputIds, row * length, length);
      float[][] scored = Completions.scorePrompt(client, prompt, vocabulary);
      for (int i = 0; i < scored.length; i++) {
        double[] reference = Logits.logSoftmax(logits, (row * length + i) * vocabulary, vocabulary);
        for (int v = 0; v < vocabulary; v++) {
          differences.add(Math.abs(scored[i][v] - reference[v]));
        }
      }
    }
    return differences;
  }

  /** The largest of these differences, for a mesh in this process. */
  public double worstDifference(LoopbackMesh mesh) {
    int length = inputIds.length / 2;
    double worst = 0;
    for (int row = 0; row < 2; row++) {
      List<ScoredToken> scored = EngineWorkload.score(mesh, prompt(row), vocabulary());
      if (scored.size() != length) {
        throw new AssertionError(scored.size() + " of " + length + " tokens were scored");
      }
      for (int t = 1; t < length; t++) {
        int at = (row * length + t - 1) * vocabulary();
        double[] reference = Logits.logSoftmax(logits, at, vocabulary());
        ScoredToken token = scored.get(t);
        if (token.topIds().length != vocabulary()) {
          throw new AssertionError("position " + t + " lacks alternatives");
        }
        for (int i = 0; i < vocabulary(); i++) {
          double difference = Math.abs(token.topLogprobs()[i] - reference[token.topIds()[i]]);
          // a NaN must not be lost in a maximum
          worst = difference <= worst ? worst : difference;
        }
      }
    }
    return worst;
  }

  /** The greedy continuation of the reference's prompt. */
  public List<Integer> greedyIds(LoopbackMesh mesh) {
    return EngineWorkload.greedy(mesh, prompt(0), expected.longs("greedy_ids").length);
  }

  private int[] prompt(int row) {
    int length = inputIds.length / 2;
    return Arrays.stream(inputIds, row * length, (row + 1) * length)
        .mapToInt(Math::toIntExact)
        .toArray();
  }

  /** The greedy continuation of the reference's prompt. */
  public List<Integer> greedyIds(OpenAiClient client) {
    List<Integer> prompt = Logits.ids(inputIds, 0, inputIds.length / 2);
    return Completions.greedy(client, prompt, expected.longs("greedy_ids").length).ids();
  }

  /** The reference's. */
  public List<Integer> referenceGreedyIds() {
    long[] greedy = expected.longs("greedy_ids");
    return Logits.ids(greedy, 0, greedy.length);
  }

  @Override
  public void close() {
    expected.close();
  }
}
