package io.expertmesh.autoscaler.core.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A day as a product backend sees it: quiet at night and busy in the afternoon, with noise from
 * second to second, bursts of some minutes, and one expert that is hot for some hours until another
 * one is.
 */
public final class SyntheticDay {
  private static final int DAY = 86_400;
  private static final int HOT_HOURS = 4;
  private static final int HANDOVER = 900;
  private static final int BURSTS = 12;
  private static final int RAMP = 30;
  private static final double NIGHT = 2;
  private static final double PEAK = 12;
  private static final double HOT_SHARE = 0.4;
  private static final double NOISE = 0.08;
  private static final double NOISE_MEMORY = 0.95;

  private SyntheticDay() {}

  /** The day of a seed. */
  public static DemandTrace of(long seed, int shardCount) {
    Random random = new Random(seed);
    double[] whole = whole(random);
    double[][] demand = new double[shardCount][DAY];
    double[] noise = new double[shardCount];
    double fresh = NOISE * Math.sqrt(1 - NOISE_MEMORY * NOISE_MEMORY);
    for (int second = 0; second < DAY; second++) {
      for (int shard = 0; shard < shardCount; shard++) {
        noise[shard] = NOISE_MEMORY * noise[shard] + fresh * random.nextGaussian();
        double factor = Math.max(0, 1 + noise[shard]);
        demand[shard][second] = whole[second] * share(shard, shardCount, second) * factor;
      }
    }
    List<String> names = new ArrayList<>();
    for (int shard = 0; shard < shardCount; shard++) {
      names.add("experts-" + shard);
    }
    return new DemandTrace(names, demand);
  }

  private static double[] whole(Random random) {
    double[] whole = new double[DAY];
    for (int second = 0; second < DAY; second++) {
      // least at four in the morning, most at four in the afternoon
      double day = 0.5 - 0.5 * Math.cos(2 * Math.PI * (second - DAY / 6.0) / DAY);
      whole[second] = NIGHT + (PEAK - NIGHT) * Math.pow(day, 1.5);
    }
    for (int burst = 0; burst < BURSTS; burst++) {
      int start = random.nextInt(DAY);
      int length = 60 + random.nextInt(240);
      double height = 0.3 + 0.5 * random.nextDouble();
      for (int s = 0; s < length && start + s < DAY; s++) {
        double ramp = Math.min(1, Math.min(s + 1, length - s) / (double) RAMP);
        whole[start + s] *= 1 + height * ramp;
      }
    }
    return whole;
  }

  /** The hot shard's part moves to the next one within a quarter of an hour. */
  private static double share(int shard, int shards, int second) {
    if (shards == 1) {
      return 1;
    }
    int period = HOT_HOURS * 3600;
    int hot = second / period % shards;
    double moved = Math.max(0, second % period - (period - HANDOVER)) / (double) HANDOVER;
    double heat = shard == hot ? 1 - moved : shard == (hot + 1) % shards ? moved : 0;
    double cold = (1 - HOT_SHARE) / shards;
    return cold + HOT_SHARE * heat;
  }
}
