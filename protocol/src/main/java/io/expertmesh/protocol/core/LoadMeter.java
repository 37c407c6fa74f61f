package io.expertmesh.protocol.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.jspecify.annotations.Nullable;

/**
 * Counts what an expert-service does, for its load events. Writers never wait and never allocate;
 * one thread takes samples.
 */
public final class LoadMeter implements LoadSource {
  private static final long MAX_MICROS = TimeUnit.MINUTES.toMicros(10);

  private final List<LoadEvent.ExpertTokens> blocks;
  private final IntSupplier inFlight;
  private final AtomicLongArray tokensOfBlock;
  private final AtomicLongArray tokensEver;
  private final LongAdder arrived = new LongAdder();
  private final LongAdder worked = new LongAdder();
  private final LongAdder batches = new LongAdder();
  private final LongAdder busyNanos = new LongAdder();
  private final LongAdder shed = new LongAdder();
  private final Recorder waits = new Recorder(MAX_MICROS, 2);
  private @Nullable Histogram recycled;

  /**
   * @param blocks layer and expert of every hosted block, in the order of block numbers; their
   *     token counts are ignored
   * @param inFlight tokens that wait or are worked on at the moment of the call
   */
  public LoadMeter(List<LoadEvent.ExpertTokens> blocks, IntSupplier inFlight) {
    this.blocks = List.copyOf(blocks);
    this.inFlight = Objects.requireNonNull(inFlight, "inFlight");
    tokensOfBlock = new AtomicLongArray(blocks.size());
    tokensEver = new AtomicLongArray(blocks.size());
  }

  /** A batch of one block was computed. */
  public void computed(int block, int tokens, long nanos) {
    tokensOfBlock.getAndAdd(block, tokens);
    tokensEver.getAndAdd(block, tokens);
    worked.add(tokens);
    batches.increment();
    busyNanos.add(nanos);
  }

  /** A call of so many tokens ended, after it had waited so long for its first batch. */
  public void waited(int tokens, long nanos) {
    arrived.add(tokens);
    waits.recordValue(Math.clamp(TimeUnit.NANOSECONDS.toMicros(nanos), 0, MAX_MICROS));
  }

  /** A call of so many tokens was refused because the queue was full. */
  public void refused(int tokens) {
    arrived.add(tokens);
    shed.add(tokens);
  }

  /** Tokens of every expert since the start; samples do not reset them. */
  public List<LoadEvent.ExpertTokens> totals() {
    List<LoadEvent.ExpertTokens> totals = new ArrayList<>(blocks.size());
    for (int block = 0; block < blocks.size(); block++) {
      LoadEvent.ExpertTokens name = blocks.get(block);
      totals.add(new LoadEvent.ExpertTokens(name.layer(), name.expert(), tokensEver.get(block)));
    }
    return totals;
  }

  @Override
  public LoadSample take() {
    Histogram wait = waits.getIntervalHistogram(recycled);
    recycled = wait;
    List<LoadEvent.ExpertTokens> experts = new ArrayList<>();
    for (int block = 0; block < blocks.size(); block++) {
      long tokens = tokensOfBlock.getAndSet(block, 0);
      if (tokens > 0) {
        LoadEvent.ExpertTokens name = blocks.get(block);
        experts.add(new LoadEvent.ExpertTokens(name.layer(), name.expert(), tokens));
      }
    }
    boolean any = wait.getTotalCount() > 0;
    return new LoadSample(
        arrived.sumThenReset(),
        worked.sumThenReset(),
        batches.sumThenReset(),
        busyNanos.sumThenReset() / 1e9,
        any ? wait.getMean() / 1000 : 0,
        any ? wait.getValueAtPercentile(99) / 1000.0 : 0,
        inFlight.getAsInt(),
        shed.sumThenReset(),
        experts,
        Map.of(),
        Map.of());
  }
}
