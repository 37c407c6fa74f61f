package io.expertmesh.attention.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The sampler against plain definitions. */
class SamplerTest {
  private static final int VOCAB = 50;
  private static final Kernels KERNELS = KernelProviders.select("scalar", DType.F32).kernels();

  private final Sampler sampler = new Sampler(KERNELS, VOCAB);

  @Test
  void greedyTakesTheLowestOfTheBestIds() {
    float[] logits = new float[VOCAB];
    logits[7] = 3;
    logits[31] = 3;
    assertThat(sampler.choose(logits, 0, sequence(SamplingSettings.greedy(), 0))).isEqualTo(7);
  }

  @Test
  void drawsFallWhereThePlainDefinitionSaysOnRandomSettings() {
    Random random = new Random(20_260_301);
    for (int i = 0; i < 3000; i++) {
      SamplingSettings settings = randomSettings(random, i);
      Sequence sequence = sequence(settings, random.nextInt(12));
      float[] logits = new float[VOCAB + 3];
      for (int j = 0; j < logits.length; j++) {
        logits[j] = (float) (4 * random.nextGaussian());
      }
      Map<Integer, Double> allowed = plainDistribution(logits, 3, sequence);
      int chosen = sampler.choose(logits, 3, sequence);
      assertThat(allowed).as("draw " + i + " of " + settings).containsKey(chosen);
    }
  }

  @Test
  void frequenciesOfDrawsAreTheProbabilities() {
    float[] logits = new float[VOCAB];
    for (int j = 0; j < VOCAB; j++) {
      logits[j] = (j % 7) * 0.8f;
    }
    for (int topK : new int[] {0, 20}) {
      for (float topP : new float[] {1, 0.8f}) {
        int draws = 20_000;
        int[] counts = new int[VOCAB];
        Map<Integer, Double> expected = Map.of();
        for (int seed = 0; seed < draws; seed++) {
          Sequence sequence = sequence(settings(1.3f, topK, topP, 0.05f, seed), 0);
          counts[sampler.choose(logits, 0, sequence)]++;
          expected = plainDistribution(logits, 0, sequence);
        }
        for (int j = 0; j < VOCAB; j++) {
          assertThat((double) counts[j] / draws)
              .isCloseTo(expected.getOrDefault(j, 0.0), within(0.012));
        }
      }
    }
  }

  @Test
  void aDrawDependsOnSeedAndPositionOnly() {
    float[] logits = new float[VOCAB];
    Sequence sequence = sequence(SamplingSettings.random(1, 42), 3);
    int first = sampler.choose(logits, 0, sequence);
    assertThat(new Sampler(KERNELS, VOCAB).choose(logits, 0, sequence)).isEqualTo(first);
    double mean = 0;
    for (int i = 0; i < 10_000; i++) {
      mean += CounterRandom.uniform(i, 5) / 20_000 + CounterRandom.uniform(5, i) / 20_000;
    }
    assertThat(mean).isCloseTo(0.5, within(0.01));
  }

  @Test
  void stopIdsAreNotChosenBeforeMinTokens() {
    float[] logits = new float[VOCAB];
    logits[9] = 10;
    logits[4] = 5;
    GenerationRequest request =
        new GenerationRequest(
            "r",
            new int[] {1},
            0,
            10,
            2,
            SamplingSettings.greedy(),
            new int[] {9},
            false,
            OptionalInt.empty(),
            OptionalInt.empty(),
            Long.MAX_VALUE,
            new byte[0]);
    Sequence sequence = new Sequence(0, request, new int[0], false, new PagePool(4, false));
    assertThat(sampler.choose(logits, 0, sequence)).isEqualTo(4);
    sequence.append(4);
    sequence.append(4);
    assertThat(sampler.choose(logits, 0, sequence)).isEqualTo(9);
  }

  @Test
  void logprobsAreOfTheRawLogitsBestFirstAndTiesByLowerId() {
    float[] logits = new float[VOCAB];
    logits[20] = 2;
    logits[10] = 1;
    logits[5] = 1;
    ScoredToken scored = sampler.score(logits, 0, 33, VOCAB);
    double sum = Math.exp(2) + 2 * Math.exp(1) + VOCAB - 3;
    assertThat(scored.logprob().orElseThrow()).isCloseTo(-Math.log(sum), within(1e-6));
    assertThat(scored.topIds()).hasSize(VOCAB).startsWith(20, 5, 10, 0, 1, 2);
    assertThat(scored.topLogprobs()[0]).isCloseTo((float) (2 - Math.log(sum)), within(1e-6f));
  }

  private static SamplingSettings randomSettings(Random random, int seed) {
    return new SamplingSettings(
        0.3f + random.nextFloat(),
        random.nextBoolean() ? 0 : 1 + random.nextInt(VOCAB),
        random.nextBoolean() ? 1 : 0.3f + 0.7f * random.nextFloat(),
        random.nextBoolean() ? 0 : 0.2f * random.nextFloat(),
        random.nextFloat(),
        random.nextFloat() - 0.5f,
        0.7f + random.nextFloat(),
        seed,
        new int[] {random.nextInt(VOCAB)},
        new float[] {random.nextFloat() * 4 - 2});
  }

  private static SamplingSettings settings(
      float temperature, int topK, float topP, float minP, long seed) {
    return new SamplingSettings(
        temperature, topK, topP, minP, 0, 0, 1, seed, new int[0], new float[0]);
  }

  private static Sequence sequence(SamplingSettings settings, int generated) {
    GenerationRequest request =
        new GenerationRequest(
            "r",
            new int[] {3, 3, 8},
            0,
            100,
            0,
            settings,
            new int[0],
            true,
            OptionalInt.empty(),
            OptionalInt.empty(),
            Long.MAX_VALUE,
            new byte[0]);
    Sequence sequence = new Sequence(0, request, new int[0], false, new PagePool(4, false));
    for (int i = 0; i < generated; i++) {
      sequence.append((i * i) % 11);
    }
    return sequence;
  }

  /** Tokens that may be drawn, with their probabilities; written for clarity. */
  private static Map<Integer, Double> plainDistribution(
      float[] logits, int offset, Sequence sequence) {
    SamplingSettings settings = sequence.request().sampling();
    List<Integer> output = new ArrayList<>();
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < sequence.length(); i++) {
      all.add(sequence.ids()[i]);
      if (i >= sequence.request().promptLength()) {
        output.add(sequence.ids()[i]);
      }
    }
    double[] scores = new double[VOCAB];
    for (int id = 0; id < VOCAB; id++) {
      double logit = logits[offset + id];
      if (all.contains(id)) {
        logit =
            logit > 0 ? logit / settings.repetitionPenalty() : logit * settings.repetitionPenalty();
      }
      int token = id;
      long count = output.stream().filter(o -> o == token).count();
      logit -= count * settings.frequencyPenalty() + (count > 0 ? settings.presencePenalty() : 0);
      for (int b = 0; b < settings.biasIds().length; b++) {
        logit += settings.biasIds()[b] == id ? settings.biases()[b] : 0;
      }
      scores[id] = Math.exp(logit / settings.temperature());
    }
    List<Integer> order = new ArrayList<>();
    for (int id = 0; id < VOCAB; id++) {
      order.add(id);
    }
    order.sort(Comparator.comparingDouble((Integer id) -> -scores[id]).thenComparing(id -> id));
    List<Integer> kept = settings.topK() > 0 ? order.subList(0, settings.topK()) : order;
    double mass = kept.stream().mapToDouble(id -> scores[id]).sum();
    Map<Integer, Double> nucleus = new HashMap<>();
    double sum = 0;
    for (int id : kept) {
      // a hair beyond the bound, because the sampler sums in fp32
      if (sum < settings.topP() + 1e-5 || settings.topP() == 1) {
        nucleus.put(id, scores[id]);
      }
      sum += scores[id] / mass;
    }
    double floor = settings.minP() * scores[kept.getFirst()] * (1 - 1e-5);
    nucleus.values().removeIf(score -> score < floor);
    double total = nucleus.values().stream().mapToDouble(Double::doubleValue).sum();
    nucleus.replaceAll((_, score) -> score / total);
    return nucleus;
  }
}
