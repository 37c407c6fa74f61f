package io.expertmesh.attention.core;

import io.expertmesh.model.core.AttentionSpec;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.KvLayout;
import io.expertmesh.model.kernel.ScoreRule;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The attention half of a layer: {@code x += output(attend(rope(query, key, value of norm(x))))}.
 * The tokens and key-value heads of a batch are shared out among threads.
 */
final class AttentionBlock {
  private final Kernels kernels;
  private final ComputePool pool;
  private final KvCache cache;
  private final int hidden;
  private final float[] qkv;
  private final float[] attended;
  private final float[] projected;
  private final float[][] scratch;
  private final AtomicInteger next = new AtomicInteger();

  AttentionBlock(
      ModelWeights weights, Kernels kernels, ComputePool pool, KvCache cache, int maxRows) {
    this.kernels = kernels;
    this.pool = pool;
    this.cache = cache;
    this.hidden = weights.spec().hiddenSize();
    int widest = 0;
    int widestQuery = 0;
    for (LayerWeights layer : weights.layers()) {
      widest = Math.max(widest, layer.queryKeyValue().rows());
      widestQuery = Math.max(widestQuery, layer.output().columns());
    }
    qkv = new float[maxRows * widest];
    attended = new float[maxRows * widestQuery];
    projected = new float[maxRows * hidden];
    scratch = new float[pool.threads()][weights.maxContext() + 2 * KvLayout.PAGE_TOKENS];
  }

  void run(MicroBatch batch, int layer, LayerWeights weights, List<Chunk> chunks) {
    int rows = batch.rows;
    LayerWeights.Norm norm = weights.attentionNorm();
    RowLoop.run(
        pool,
        rows,
        (from, to) -> {
          for (int r = from; r < to; r++) {
            int at = r * hidden;
            kernels.rmsNorm(batch.residual, at, norm.weight(), norm.eps(), batch.input, at, hidden);
          }
        });
    kernels.matmul(weights.queryKeyValue(), batch.input, 0, rows, qkv, 0, pool);
    RowLoop.run(pool, rows, (from, to) -> store(batch, layer, weights, chunks, from, to));
    attend(batch, layer, weights.attention(), chunks);
    kernels.matmul(weights.output(), attended, 0, rows, projected, 0, pool);
    RowLoop.run(
        pool,
        rows,
        (from, to) ->
            kernels.add(
                batch.residual, from * hidden, projected, from * hidden, (to - from) * hidden));
  }

  private void store(
      MicroBatch batch, int layer, LayerWeights weights, List<Chunk> chunks, int from, int to) {
    AttentionSpec spec = weights.attention();
    RopeTable rope = weights.rope();
    KvLayout layout = cache.layout(layer);
    int dim = spec.headDim();
    int width = (spec.heads() + 2 * spec.kvHeads()) * dim;
    for (int r = from; r < to; r++) {
      int position = batch.positions[r];
      int at = r * width;
      for (int head = 0; head < spec.heads() + spec.kvHeads(); head++) {
        kernels.rope(
            qkv, at + head * dim, rope.cos(), rope.sin(), position * rope.half(), rope.half());
      }
      int[] pages = chunks.get(batch.chunks[r]).sequence().table().pages();
      int page = pages[position / KvLayout.PAGE_TOKENS];
      int slot = position % KvLayout.PAGE_TOKENS;
      int keys = at + spec.heads() * dim;
      int values = keys + spec.kvHeads() * dim;
      for (int head = 0; head < spec.kvHeads(); head++) {
        kernels.storeKv(
            cache.head(layer, head),
            layout,
            page,
            slot,
            qkv,
            keys + head * dim,
            qkv,
            values + head * dim);
      }
    }
  }

  private void attend(MicroBatch batch, int layer, AttentionSpec spec, List<Chunk> chunks) {
    int items = batch.rows * spec.kvHeads();
    next.set(0);
    pool.run(
        Math.min(pool.threads(), items),
        part -> {
          for (int item = next.getAndIncrement(); item < items; item = next.getAndIncrement()) {
            attendHead(batch, layer, spec, chunks, item, scratch[part]);
          }
        });
  }

  /** One token and the query heads of one key-value head; items of a head follow each other. */
  private void attendHead(
      MicroBatch batch,
      int layer,
      AttentionSpec spec,
      List<Chunk> chunks,
      int item,
      float[] memory) {
    int head = item / batch.rows;
    int row = item % batch.rows;
    int group = spec.heads() / spec.kvHeads();
    int dim = spec.headDim();
    int width = (spec.heads() + 2 * spec.kvHeads()) * dim;
    int keys = batch.positions[row] + 1;
    int firstKey = spec.window().isPresent() ? Math.max(0, keys - spec.window().getAsInt()) : 0;
    kernels.attend(
        cache.head(layer, head),
        cache.layout(layer),
        chunks.get(batch.chunks[row]).sequence().table().pages(),
        firstKey,
        keys,
        qkv,
        row * width + head * group * dim,
        group,
        ScoreRule.scaled(spec.scale()),
        attended,
        row * spec.heads() * dim + head * group * dim,
        memory);
  }
}
