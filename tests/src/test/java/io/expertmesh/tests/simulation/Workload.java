package io.expertmesh.tests.simulation;

import io.expertmesh.attention.core.GenerationRequest;
import io.expertmesh.attention.core.SamplingSettings;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;

/**
 * Draws requests: prompts that share prefixes, of several tenants, some resumed, some scored, some
 * with little time. In half of the runs prompts are long, in the other half answers are.
 */
final class Workload {
  private static final int PREFIXES = 2;
  private static final int PREFIX_TOKENS = 48;
  private static final int TAIL = 8;
  private static final int MAX_TOKENS = 40;
  private static final int TENANTS = 2;
  private static final long LONG = 60_000_000_000L;
  private static final long SHORT = 60_000_000;

  private final ToyModel model;
  private final Timeline timeline;
  private final RandomGenerator random;
  private final int[][] prefixes = new int[PREFIXES][PREFIX_TOKENS];
  private final boolean talkative;
  private final int hurried;
  private int drawn;

  Workload(ToyModel model, Timeline timeline, RandomGenerator random) {
    this.model = model;
    this.timeline = timeline;
    this.random = random;
    this.talkative = random.nextBoolean();
    this.hurried = random.nextInt(4) == 0 ? 4 : 1;
    for (int[] prefix : prefixes) {
      Arrays.setAll(prefix, _ -> random.nextInt(ToyModel.VOCAB));
    }
  }

  SimRequest next() {
    int[] prompt = prompt();
    int maxTokens =
        talkative ? MAX_TOKENS / 2 + random.nextInt(MAX_TOKENS) : random.nextInt(MAX_TOKENS / 3);
    boolean ignoreEos = random.nextInt(4) > 0;
    Expected expected = new Expected(model, prompt, maxTokens, ignoreEos);
    int output = expected.ids().length - prompt.length;
    int resumed = output > 1 && random.nextInt(6) == 0 ? random.nextInt(output) : 0;
    boolean hasLittleTime = random.nextInt(5) < hurried;
    GenerationRequest request =
        new GenerationRequest(
            "r" + drawn++,
            Arrays.copyOf(expected.ids(), prompt.length + resumed),
            resumed,
            maxTokens,
            0,
            SamplingSettings.greedy(),
            new int[0],
            ignoreEos,
            random.nextBoolean() ? OptionalInt.of(2) : OptionalInt.empty(),
            random.nextInt(4) == 0 ? OptionalInt.of(1) : OptionalInt.empty(),
            timeline.now() + (hasLittleTime ? 1 + random.nextLong(SHORT) : LONG),
            new byte[] {(byte) random.nextInt(TENANTS)});
    return new SimRequest(timeline, random, request, expected);
  }

  private int[] prompt() {
    int[] prefix = prefixes[random.nextInt(PREFIXES)];
    int shared = random.nextInt(talkative ? PREFIX_TOKENS / 3 : PREFIX_TOKENS);
    int[] prompt = Arrays.copyOf(prefix, shared + 1 + random.nextInt(TAIL));
    for (int i = shared; i < prompt.length; i++) {
      prompt[i] = random.nextInt(ToyModel.VOCAB);
    }
    return prompt;
  }
}
