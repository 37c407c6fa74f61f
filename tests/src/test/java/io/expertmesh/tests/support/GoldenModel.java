package io.expertmesh.tests.support;

import io.expertmesh.attention.core.ScoredToken;
import io.expertmesh.attention.core.TokenRouting;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.RoutedFfn;
import io.expertmesh.model.core.SafetensorsFile;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.router.core.gating.Assignments;
import io.expertmesh.router.core.gating.GatingPolicy;
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

  /**
   * Compares the experts of every prompt token with those that the model's gating rule chooses by
   * the reference's own router logits.
   *
   * @return the largest difference of a weight
   * @throws AssertionError if any token has another expert
   */
  public double worstWeight(LoopbackMesh mesh, ModelSpec spec, Kernels kernels) {
    double worst = 0;
    List<Integer> layers = spec.routedLayers();
    for (int row = 0; row < 2; row++) {
      List<TokenRouting> tokens = EngineWorkload.routing(mesh, prompt(row));
      if (tokens.size() != prompt(row).length) {
        throw new AssertionError(tokens.size() + " tokens were told");
      }
      for (int place = 0; place < layers.size(); place++) {
        RoutedFfn routed = spec.routed(layers.get(place)).orElseThrow();
        Assignments reference = new Assignments();
        GatingPolicy.of(routed.gate().policy(), routed.experts().size(), new float[0], kernels)
            .assign(
                expected.floats("router_logits." + place),
                new int[0],
                0,
                inputIds.length,
                reference);
        for (int at = 0; at < tokens.size(); at++) {
          worst =
              Math.max(
                  worst, difference(tokens.get(at), place, reference, row * tokens.size() + at));
        }
      }
    }
    return worst;
  }

  private static double difference(
      TokenRouting token, int place, Assignments reference, int referenceRow) {
    int from = Arrays.stream(token.counts(), 0, place).sum();
    int start = reference.start(referenceRow);
    int count = reference.start(referenceRow + 1) - start;
    if (token.counts()[place] != count) {
      throw new AssertionError(
          "row " + referenceRow + " has " + token.counts()[place] + " experts");
    }
    double worst = 0;
    for (int i = 0; i < count; i++) {
      if (token.experts()[from + i] != reference.expert(start + i)) {
        throw new AssertionError(
            "row %d has expert %d in the layer of place %d, not %d"
                .formatted(
                    referenceRow, token.experts()[from + i], place, reference.expert(start + i)));
      }
      worst = Math.max(worst, Math.abs(token.weights()[from + i] - reference.weight(start + i)));
    }
    return worst;
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
