package io.expertmesh.attention.core;

import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.Kernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Turns the logits of a step into chosen and scored tokens, several rows at a time. Each thread has
 * a sampler of its own.
 */
final class StepSamples implements LogitSink {
  private final ComputePool pool;
  private final int vocab;
  private final Sampler[] samplers;
  private final AtomicInteger next = new AtomicInteger();
  private List<Chunk> chunks = List.of();
  private @Nullable ScoredToken[] chosen = new ScoredToken[16];
  private final List<@Nullable ScoredToken[]> scores = new ArrayList<>();

  StepSamples(Kernels kernels, ComputePool pool, int vocab) {
    this.pool = pool;
    this.vocab = vocab;
    samplers = new Sampler[pool.threads()];
    Arrays.setAll(samplers, _ -> new Sampler(kernels, vocab));
  }

  void begin(StepPlan plan) {
    chunks = plan.chunks();
    chosen = new ScoredToken[chunks.size()];
    scores.clear();
    for (Chunk chunk : chunks) {
      scores.add(new ScoredToken[chunk.scoreTo() - chunk.scoreFrom()]);
    }
  }

  @Override
  public void accept(int rows, int[] chunkOf, int[] positions, float[] logits) {
    next.set(0);
    pool.run(
        Math.min(samplers.length, rows),
        part -> {
          for (int row = next.getAndIncrement(); row < rows; row = next.getAndIncrement()) {
            take(samplers[part], chunkOf[row], positions[row], logits, row * vocab);
          }
        });
  }

  /** The token chosen for a chunk. */
  ScoredToken chosen(int chunk) {
    ScoredToken token = chosen[chunk];
    if (token == null) {
      throw new IllegalStateException("no logits came for chunk " + chunk);
    }
    return token;
  }

  /** Score of the prompt token after a position of a chunk. */
  ScoredToken score(int chunk, int position) {
    ScoredToken token = scores.get(chunk)[position - chunks.get(chunk).scoreFrom()];
    if (token == null) {
      throw new IllegalStateException("no logits came for position " + position);
    }
    return token;
  }

  private void take(Sampler sampler, int index, int position, float[] logits, int offset) {
    Chunk chunk = chunks.get(index);
    Sequence sequence = chunk.sequence();
    GenerationRequest request = sequence.request();
    if (chunk.samples() && position == chunk.end() - 1) {
      int id = sampler.choose(logits, offset, sequence);
      chosen[index] =
          request.logprobs().isPresent()
              ? sampler.score(logits, offset, id, request.logprobs().getAsInt())
              : ScoredToken.plain(id);
    } else {
      int id = sequence.ids()[position + 1];
      int alternatives = request.promptLogprobs().orElse(0);
      scores.get(index)[position - chunk.scoreFrom()] =
          sampler.score(logits, offset, id, alternatives);
    }
  }
}
