package io.expertmesh.tests.simulation;

import io.expertmesh.attention.core.SchedulerLimits;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.router.core.DispatchLimits;
import io.expertmesh.router.core.ReplicaOffer;
import java.util.BitSet;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * What a mesh is made of and how tight its bounds are; small enough that bounds are hit.
 *
 * @param shards sets that the experts are split into, by index modulo their number
 * @param replicas processes per shard
 * @param pages pages of an engine
 * @param prefixCache whether engines reuse prefixes
 * @param twoParts whether steps are cut into two micro-batches
 * @param rowsPerPart rows per message from engine to router
 * @param queuePairs bound of a replica's queue
 * @param batchPairs most pairs that a replica computes together
 */
record Shape(
    ToyModel model,
    int engines,
    int routers,
    int shards,
    int replicas,
    int pages,
    boolean prefixCache,
    boolean twoParts,
    int rowsPerPart,
    SchedulerLimits limits,
    DispatchLimits dispatch,
    int queuePairs,
    int batchPairs) {
  private static final int HEADER_BYTES = 256;
  private static final int PAIR_BYTES = 10;

  /** The longest request of the workload just fits. */
  private static final int FEWEST_PAGES = 6;

  static Shape draw(RandomGenerator random, long seed) {
    int experts = 4 + random.nextInt(5);
    int topK = 1 + random.nextInt(3);
    ToyModel model = new ToyModel(1 + random.nextInt(3), experts, topK, ToyModel.mix(seed));
    int engines = 1 + random.nextInt(2);
    int sequences = 2 + random.nextInt(10);
    int batchTokens = sequences + 1 + random.nextInt(50);
    SchedulerLimits limits =
        new SchedulerLimits(batchTokens, 1 + random.nextInt(24), sequences, 4 + random.nextInt(30));
    int pairsPerMessage = 3 + random.nextInt(40);
    int messageBytes = HEADER_BYTES + pairsPerMessage * (Float.BYTES * ToyModel.WIDTH + PAIR_BYTES);
    DispatchLimits dispatch =
        new DispatchLimits(messageBytes, batchTokens * (1 + random.nextInt(engines)));
    return new Shape(
        model,
        engines,
        1 + random.nextInt(2),
        1 + random.nextInt(3),
        1 + random.nextInt(3),
        FEWEST_PAGES + random.nextInt(random.nextBoolean() ? 4 : 30),
        random.nextInt(4) > 0,
        random.nextBoolean(),
        4 + random.nextInt(batchTokens),
        limits,
        dispatch,
        batchTokens * topK * (1 + random.nextInt(engines)),
        2 + random.nextInt(30));
  }

  /** True if a shard has an expert, in every layer. */
  boolean hosts(int shard, int expert) {
    return expert % shards == shard;
  }

  /** What a replica of a shard says of itself. */
  ReplicaOffer offer(String replicaId, int shard) {
    TreeMap<Integer, BitSet> hosted = new TreeMap<>();
    for (int layer = 0; layer < model.layers(); layer++) {
      BitSet some = new BitSet();
      for (int expert = 0; expert < model.experts(); expert++) {
        some.set(expert, hosts(shard, expert));
      }
      hosted.put(layer, some);
    }
    return new ReplicaOffer(
        replicaId,
        "shard-" + shard,
        "host-of-" + replicaId,
        ToyModel.ID,
        ToyModel.WEIGHTS_VERSION,
        "toy/any/f32",
        ToyModel.WIDTH,
        DType.F32,
        hosted);
  }
}
