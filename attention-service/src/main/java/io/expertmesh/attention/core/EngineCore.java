package io.expertmesh.attention.core;

import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.protocol.core.ErrorCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Plan, compute, choose, tell: one step at a time, on whatever thread calls. Knows no threads and
 * no clock, so that it runs the same under {@link Engine}, in one process with the experts, and in
 * a simulation.
 */
public final class EngineCore {
  private static final System.Logger LOG = System.getLogger(EngineCore.class.getName());
  private static final long CONGESTION_POLL_NANOS = 2_000_000;
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  private final Scheduler scheduler;
  private final StepModel model;
  private final StepSamples samples;
  private final StepResult result = new StepResult();
  private final Map<Sequence, TokenSink> sinks = new HashMap<>();
  private boolean anyPaused;

  /**
   * @param eosIds ids that end a sequence unless its request ignores them
   * @param vocab logits per row
   */
  public EngineCore(
      SchedulerLimits limits,
      PagePool pages,
      int[] eosIds,
      int vocab,
      StepModel model,
      Kernels kernels,
      ComputePool pool) {
    this.scheduler = new Scheduler(limits, pages, eosIds, model.wholeRows(), this::ended);
    this.model = model;
    this.samples = new StepSamples(kernels, pool, vocab);
  }

  /**
   * Takes a request that {@link RequestRules} accept.
   *
   * @throws io.expertmesh.protocol.core.MeshException as {@link Scheduler#submit}
   */
  public Sequence submit(GenerationRequest request, TokenSink sink) {
    Sequence sequence = scheduler.submit(request);
    sinks.put(sequence, sink);
    return sequence;
  }

  /** Ends a request; its sink gets a CANCELLED failure, its pages are free at once. */
  public void cancel(Sequence sequence, String why) {
    scheduler.cancel(sequence, why);
  }

  /** Ends all requests. */
  public void failAll(ErrorCode code, String message) {
    scheduler.failAll(code, message);
  }

  /** The scheduler, for looking at. */
  public Scheduler scheduler() {
    return scheduler;
  }

  /**
   * Runs one step.
   *
   * @param now on the clock of the requests' deadlines
   * @return positions computed; 0 if there was nothing to do
   */
  public int step(long now) {
    holdBackCongested(now);
    StepPlan plan = scheduler.plan(now);
    if (plan.isEmpty()) {
      return 0;
    }
    List<Chunk> chunks = plan.chunks();
    result.reset(chunks);
    samples.begin(plan);
    chunks.forEach(this::announce);
    try {
      model.run(plan, result, samples);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "A step failed", e);
      for (int c = 0; c < chunks.size(); c++) {
        result.failed(c, ErrorCode.INTERNAL, "the step failed: " + e.getMessage());
      }
    }
    for (int c = 0; c < chunks.size(); c++) {
      settle(c, chunks.get(c), now);
    }
    return plan.rows();
  }

  /** When {@link #step} may have work though nothing is submitted; MAX_VALUE if never. */
  public long nextWake(long now) {
    long wake = scheduler.nextWake(now);
    return anyPaused ? Math.min(wake, now + CONGESTION_POLL_NANOS) : wake;
  }

  private void holdBackCongested(long now) {
    anyPaused = false;
    List<Sequence> stuck = new ArrayList<>();
    for (Map.Entry<Sequence, TokenSink> entry : sinks.entrySet()) {
      Sequence sequence = entry.getKey();
      boolean bulky = sequence.scoresPrompt() || sequence.tellsRouting();
      boolean paused = bulky && entry.getValue().congested();
      sequence.paused(paused, now);
      anyPaused |= paused;
      if (paused && now - sequence.pausedSince() > PATIENCE_NANOS) {
        stuck.add(sequence);
      }
    }
    stuck.forEach(this::tooSlow);
  }

  private void announce(Chunk chunk) {
    TokenSink sink = sinks.get(chunk.sequence());
    if (sink != null) {
      sink.step(chunk.count());
    }
  }

  private void settle(int index, Chunk chunk, long now) {
    ErrorCode code = result.code(index);
    if (code == null) {
      if (scheduler.completed(chunk)) {
        give(index, chunk);
      }
      return;
    }
    switch (code) {
      case EXPERT_UNAVAILABLE, SERVICE_UNAVAILABLE, OVERLOADED, DEADLINE_EXCEEDED ->
          scheduler.park(chunk, code, result.detail(index), now);
      case INVALID_ARGUMENT, CONTEXT_LENGTH_EXCEEDED, CANCELLED, NON_FINITE, INTERNAL ->
          scheduler.fail(chunk, code, result.detail(index));
    }
  }

  private void give(int index, Chunk chunk) {
    Sequence sequence = chunk.sequence();
    TokenSink sink = sinks.get(sequence);
    if (sink == null) {
      throw new IllegalStateException("no sink for " + sequence);
    }
    if (sequence.tellsRouting() && !giveRouting(index, chunk, sink)) {
      return;
    }
    if (sequence.scoresPrompt() && !giveScores(index, chunk, sink)) {
      return;
    }
    if (chunk.samples()) {
      ScoredToken token = samples.chosen(index);
      if (sink.accept(new TokenEvent.Generated(token))) {
        scheduler.append(sequence, token.id());
      } else {
        tooSlow(sequence);
      }
    }
  }

  private boolean giveRouting(int index, Chunk chunk, TokenSink sink) {
    List<TokenRouting> tokens = result.routing().of(index);
    if (tokens.isEmpty()) {
      return true;
    }
    if (!sink.accept(new TokenEvent.Routed(chunk.end() - tokens.size(), tokens))) {
      tooSlow(chunk.sequence());
      return false;
    }
    scheduler.routed(chunk.sequence(), chunk.end());
    return true;
  }

  /** The first prompt token has no score; token t is scored by the row of position t - 1. */
  private boolean giveScores(int index, Chunk chunk, TokenSink sink) {
    Sequence sequence = chunk.sequence();
    int from = sequence.scored();
    int to = Math.min(chunk.end() + 1, sequence.request().promptLength());
    if (to <= from) {
      return true;
    }
    List<ScoredToken> tokens = new ArrayList<>(to - from);
    for (int position = from; position < to; position++) {
      tokens.add(
          position == 0
              ? ScoredToken.plain(sequence.ids()[0])
              : samples.score(index, position - 1));
    }
    if (!sink.accept(new TokenEvent.PromptScored(from, tokens))) {
      tooSlow(sequence);
      return false;
    }
    scheduler.scored(sequence, to);
    return true;
  }

  private void tooSlow(Sequence sequence) {
    scheduler.cancel(sequence, "the reader of the tokens did not keep up");
  }

  private void ended(Sequence sequence) {
    TokenSink sink = sinks.remove(sequence);
    Outcome outcome = sequence.outcome().orElseThrow();
    if (sink == null) {
      throw new IllegalStateException("no sink for " + sequence);
    }
    switch (outcome) {
      case Outcome.Completed completed -> {
        if (sequence.scoresPrompt()) {
          // a prompt of one token: nothing was computed, and nothing precedes it
          sink.accept(
              new TokenEvent.PromptScored(0, List.of(ScoredToken.plain(sequence.ids()[0]))));
        }
        sink.accept(
            new TokenEvent.Finished(
                completed.reason(),
                sequence.request().promptLength(),
                sequence.cachedTokens(),
                sequence.outputLength(),
                sequence.preemptions()));
      }
      case Outcome.Failed failed ->
          sink.accept(new TokenEvent.Failed(failed.code(), failed.message()));
    }
  }
}
