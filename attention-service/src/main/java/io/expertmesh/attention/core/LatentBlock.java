package io.expertmesh.attention.core;

import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.model.kernel.KvLayout;
import io.expertmesh.model.kernel.PackedMatrix;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Latent attention (DeepSeek-V2, 2024). Per token only the compressed row and the rotated key part
 * that all heads share are cached. A query head is mapped into the compressed space, and so is what
 * it attends to mapped back, so that no key or value of a head is ever made. Prompts take the same
 * way as generated tokens: the bits of a token must not depend on how a prompt is cut.
 */
final class LatentBlock {
  /** Floats of mapped queries that are held at a time. */
  private static final int BLOCK_FLOATS = 4 << 20;

  /** Query heads that one item of attention computes, as many as share loads. */
  private static final int HEADS_PER_ITEM = 4;

  private final Kernels kernels;
  private final ComputePool pool;
  private final KvCache cache;
  private final int blockRows;
  private final float[] down;
  private final float[] half;
  private final float[] query;
  private final float[] mapped;
  private final float[] latent;
  private final float[] headIn;
  private final float[] headOut;
  private final float[] attended;
  private final float[][] scratch;
  private final AtomicInteger next = new AtomicInteger();

  LatentBlock(ModelWeights weights, Kernels kernels, ComputePool pool, KvCache cache, int maxRows) {
    this.kernels = kernels;
    this.pool = pool;
    this.cache = cache;
    int widestDown = 0;
    int widestHalf = 0;
    int widestQuery = 0;
    int widestMapped = 0;
    int widestHead = 0;
    int widestValues = 0;
    for (LayerWeights layer : weights.layers()) {
      if (layer.temporal() instanceof TemporalWeights.Latent w) {
        int heads = w.spec().heads();
        widestDown = Math.max(widestDown, w.down().outputs());
        widestHalf = Math.max(widestHalf, w.queryNorm().map(Norm::width).orElse(0));
        widestQuery = Math.max(widestQuery, w.query().isPresent() ? w.queryWidth() : 0);
        widestMapped = Math.max(widestMapped, heads * w.layout().width());
        widestHead = Math.max(widestHead, Math.max(w.queryDim(), w.layout().rank()));
        widestHead = Math.max(widestHead, w.spec().valueDim());
        widestValues = Math.max(widestValues, heads * w.spec().valueDim());
      }
    }
    blockRows = widestMapped == 0 ? 0 : Math.clamp(BLOCK_FLOATS / widestMapped, 1, maxRows);
    down = new float[maxRows * widestDown];
    half = new float[maxRows * widestHalf];
    query = new float[maxRows * widestQuery];
    mapped = new float[blockRows * widestMapped];
    latent = new float[blockRows * widestMapped];
    headIn = new float[blockRows * widestHead];
    headOut = new float[blockRows * widestHead];
    attended = new float[maxRows * widestValues];
    scratch = new float[widestMapped == 0 ? 0 : pool.threads()][weights.attentionScratch()];
  }

  /** Writes the mixer's rows, without the output's bias, to {@code out}. */
  void run(
      MicroBatch batch,
      int layer,
      TemporalWeights.Latent weights,
      List<Chunk> chunks,
      float[] out) {
    int rows = batch.rows;
    kernels.matmul(weights.down().matrix(), batch.input, 0, rows, down, 0, pool);
    RowLoop.run(pool, rows, (from, to) -> store(batch, layer, weights, chunks, from, to));
    float[] queries = down;
    int stride = weights.down().outputs();
    if (weights.query().isPresent()) {
      kernels.matmul(weights.query().get().matrix(), half, 0, rows, query, 0, pool);
      queries = query;
      stride = weights.queryWidth();
    }
    for (int first = 0; first < rows; first += blockRows) {
      int count = Math.min(blockRows, rows - first);
      map(batch, weights, queries, stride, first, count);
      attend(batch, layer, weights, chunks, first, count);
      unmap(weights, first, count);
    }
    kernels.matmul(weights.output().matrix(), attended, 0, rows, out, 0, pool);
  }

  private void store(
      MicroBatch batch,
      int layer,
      TemporalWeights.Latent weights,
      List<Chunk> chunks,
      int from,
      int to) {
    for (int r = from; r < to; r++) {
      int at = r * weights.down().outputs();
      weights.down().addBias(kernels, down, at);
      if (weights.queryNorm().isPresent()) {
        Norm norm = weights.queryNorm().get();
        norm.apply(kernels, down, at, half, r * norm.width());
      }
      int row = at + weights.compressedAt();
      weights.compressedNorm().apply(kernels, down, row, down, row);
      weights.rope().turn(kernels, batch, r, down, row + weights.layout().rank(), 1, 0);
      int position = batch.positions[r];
      int[] pages = chunks.get(batch.chunks[r]).sequence().table().pages();
      kernels.storeLatent(
          cache.memory(layer, 0),
          weights.layout(),
          pages[position / KvLayout.PAGE_TOKENS],
          position % KvLayout.PAGE_TOKENS,
          down,
          row);
    }
  }

  /** Turns the query heads of a block of rows into queries of compressed rows. */
  private void map(
      MicroBatch batch,
      TemporalWeights.Latent weights,
      float[] queries,
      int stride,
      int first,
      int count) {
    int heads = weights.spec().heads();
    int plain = weights.spec().plainDim();
    int dim = weights.queryDim();
    int rank = weights.layout().rank();
    int shared = weights.layout().shared();
    int width = weights.layout().width();
    RowLoop.run(
        pool,
        count,
        (from, to) -> {
          for (int r = from; r < to; r++) {
            int at = (first + r) * stride;
            if (weights.query().isPresent()) {
              weights.query().get().addBias(kernels, queries, at);
            }
            weights.rope().turn(kernels, batch, first + r, queries, at + plain, heads, dim);
            for (int head = 0; head < heads; head++) {
              int rotated = (r * heads + head) * width + rank;
              System.arraycopy(queries, at + head * dim + plain, mapped, rotated, shared);
            }
          }
        });
    for (int head = 0; head < heads; head++) {
      for (int r = 0; r < count; r++) {
        int at = (first + r) * stride + head * dim;
        System.arraycopy(queries, at, headIn, r * plain, plain);
      }
      PackedMatrix matrix = weights.absorbed().get(head);
      kernels.matmul(matrix, headIn, 0, count, headOut, 0, pool);
      for (int r = 0; r < count; r++) {
        System.arraycopy(headOut, r * rank, mapped, (r * heads + head) * width, rank);
      }
    }
  }

  private void attend(
      MicroBatch batch,
      int layer,
      TemporalWeights.Latent weights,
      List<Chunk> chunks,
      int first,
      int count) {
    int heads = weights.spec().heads();
    int groups = (heads + HEADS_PER_ITEM - 1) / HEADS_PER_ITEM;
    int items = count * groups;
    next.set(0);
    pool.run(
        Math.min(pool.threads(), items),
        part -> {
          for (int item = next.getAndIncrement(); item < items; item = next.getAndIncrement()) {
            int row = item / groups;
            int head = item % groups * HEADS_PER_ITEM;
            kernels.attendLatent(
                cache.memory(layer, 0),
                weights.layout(),
                chunks.get(batch.chunks[first + row]).sequence().table().pages(),
                batch.positions[first + row] + 1,
                mapped,
                (row * heads + head) * weights.layout().width(),
                Math.min(HEADS_PER_ITEM, heads - head),
                weights.spec().scale(),
                latent,
                (row * heads + head) * weights.layout().rank(),
                scratch[part]);
          }
        });
  }

  /** Turns what the heads of a block of rows attended to into their values. */
  private void unmap(TemporalWeights.Latent weights, int first, int count) {
    int heads = weights.spec().heads();
    int rank = weights.layout().rank();
    int dim = weights.spec().valueDim();
    for (int head = 0; head < heads; head++) {
      for (int r = 0; r < count; r++) {
        System.arraycopy(latent, (r * heads + head) * rank, headIn, r * rank, rank);
      }
      kernels.matmul(weights.values().get(head), headIn, 0, count, headOut, 0, pool);
      for (int r = 0; r < count; r++) {
        int at = ((first + r) * heads + head) * dim;
        System.arraycopy(headOut, r * dim, attended, at, dim);
        if (weights.valueBias().length > 0) {
          kernels.add(attended, at, weights.valueBias(), head * dim, dim);
        }
      }
    }
  }
}
