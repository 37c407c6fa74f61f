package io.expertmesh.attention.core;

import io.expertmesh.model.core.AttentionSpec;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.KvLayout;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Attention with key-value heads: {@code rows = output(attend(rope(norm(query, key)), value))} of
 * the batch's normed input. The tokens and key-value heads of a batch are shared out among threads.
 */
final class AttentionBlock {
  private final Kernels kernels;
  private final ComputePool pool;
  private final KvCache cache;
  private final float[] qkv;
  private final float[] attended;
  private final float[][] scratch;
  private final AtomicInteger next = new AtomicInteger();

  AttentionBlock(
      ModelWeights weights, Kernels kernels, ComputePool pool, KvCache cache, int maxRows) {
    this.kernels = kernels;
    this.pool = pool;
    this.cache = cache;
    int widest = 0;
    int widestQuery = 0;
    for (LayerWeights layer : weights.layers()) {
      if (layer.temporal() instanceof TemporalWeights.Attention attention) {
        widest = Math.max(widest, attention.width());
        widestQuery = Math.max(widestQuery, attention.output().matrix().columns());
      }
    }
    qkv = new float[maxRows * widest];
    attended = new float[maxRows * widestQuery];
    scratch = new float[pool.threads()][weights.attentionScratch()];
  }

  /** Writes the mixer's rows, without the output's bias, to {@code out}. */
  void run(
      MicroBatch batch,
      int layer,
      TemporalWeights.Attention weights,
      List<Chunk> chunks,
      float[] out) {
    int rows = batch.rows;
    kernels.matmul(weights.queryKeyValue().matrix(), batch.input, 0, rows, qkv, 0, pool);
    RowLoop.run(pool, rows, (from, to) -> store(batch, layer, weights, chunks, from, to));
    attend(batch, layer, weights, chunks);
    kernels.matmul(weights.output().matrix(), attended, 0, rows, out, 0, pool);
  }

  private void store(
      MicroBatch batch,
      int layer,
      TemporalWeights.Attention weights,
      List<Chunk> chunks,
      int from,
      int to) {
    AttentionSpec spec = weights.spec();
    int dim = spec.headDim();
    for (int r = from; r < to; r++) {
      int at = r * weights.width();
      int keys = at + spec.heads() * dim;
      int values = keys + spec.kvHeads() * dim;
      weights.queryKeyValue().addBias(kernels, qkv, at);
      norm(weights.queryNorms(), at);
      norm(weights.keyNorms(), keys);
      if (spec.clip().isPresent()) {
        kernels.clamp(qkv, at, weights.width(), (float) spec.clip().getAsDouble());
      }
      if (weights.rope().isPresent()) {
        RotaryHeads rope = weights.rope().get();
        rope.turn(kernels, batch, r, qkv, at, spec.heads() + spec.kvHeads(), dim);
      }
      int position = batch.positions[r];
      int[] pages = chunks.get(batch.chunks[r]).sequence().table().pages();
      int page = pages[position / KvLayout.PAGE_TOKENS];
      int slot = position % KvLayout.PAGE_TOKENS;
      for (int head = 0; head < spec.kvHeads(); head++) {
        kernels.storeKv(
            cache.memory(layer, head),
            weights.layout(),
            page,
            slot,
            qkv,
            keys + head * dim,
            qkv,
            values + head * dim);
      }
    }
  }

  private void norm(List<Norm> norms, int offset) {
    int at = offset;
    for (int i = 0; i < norms.size(); i++) {
      norms.get(i).apply(kernels, qkv, at, qkv, at);
      at += norms.get(i).width();
    }
  }

  private void attend(
      MicroBatch batch, int layer, TemporalWeights.Attention weights, List<Chunk> chunks) {
    int items = batch.rows * weights.spec().kvHeads();
    next.set(0);
    pool.run(
        Math.min(pool.threads(), items),
        part -> {
          for (int item = next.getAndIncrement(); item < items; item = next.getAndIncrement()) {
            attendHead(batch, layer, weights, chunks, item, scratch[part]);
          }
        });
  }

  /** One token and the query heads of one key-value head; items of a head follow each other. */
  private void attendHead(
      MicroBatch batch,
      int layer,
      TemporalWeights.Attention weights,
      List<Chunk> chunks,
      int item,
      float[] memory) {
    AttentionSpec spec = weights.spec();
    int head = item / batch.rows;
    int row = item % batch.rows;
    int group = spec.heads() / spec.kvHeads();
    int dim = spec.headDim();
    int keys = batch.positions[row] + 1;
    int firstKey = spec.window().isPresent() ? Math.max(0, keys - spec.window().getAsInt()) : 0;
    kernels.attend(
        cache.memory(layer, head),
        weights.layout(),
        chunks.get(batch.chunks[row]).sequence().table().pages(),
        firstKey,
        keys,
        qkv,
        row * weights.width() + head * group * dim,
        group,
        weights.rules().get(head),
        attended,
        row * spec.heads() * dim + head * group * dim,
        memory);
  }
}
