package io.expertmesh.tests.simulation;

import io.expertmesh.attention.core.Chunk;
import io.expertmesh.attention.core.LogitSink;
import io.expertmesh.attention.core.RoutedBatch;
import io.expertmesh.attention.core.RoutedCall;
import io.expertmesh.attention.core.RoutedLayers;
import io.expertmesh.attention.core.RoutedRows;
import io.expertmesh.attention.core.Sequence;
import io.expertmesh.attention.core.StepModel;
import io.expertmesh.attention.core.StepPlan;
import io.expertmesh.attention.core.StepResult;
import io.expertmesh.model.kernel.KvLayout;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;

/**
 * The toy model's forward pass over the pages of an engine, in one or two micro-batches. What every
 * row brings to the experts, and what it brings back, is compared with the direct computation; so a
 * page that is not this sequence's, a position that is missing, or a wrong sum shows where it is.
 */
final class ToyStep implements StepModel {
  private static final int PAGE = KvLayout.PAGE_TOKENS;

  private final ToyModel model;
  private final RoutedLayers routed;
  private final Timeline timeline;
  private final Function<Sequence, SimRequest> requests;
  private final boolean twoParts;
  private final int maxRows;
  private final long[][] keys;
  private final byte[][] salts;

  /**
   * @param pages pages of the engine's pool
   * @param maxRows most rows that a step may have
   */
  ToyStep(
      ToyModel model,
      RoutedLayers routed,
      Timeline timeline,
      Function<Sequence, SimRequest> requests,
      boolean twoParts,
      int pages,
      int maxRows) {
    this.model = model;
    this.routed = routed;
    this.timeline = timeline;
    this.requests = requests;
    this.twoParts = twoParts;
    this.maxRows = maxRows;
    this.keys = new long[model.layers()][pages * PAGE];
    this.salts = new byte[pages * PAGE][];
  }

  @Override
  public void run(StepPlan plan, StepResult result, LogitSink sink) {
    checkPlan(plan);
    int cut = twoParts ? plan.rows() - plan.rows() / 2 : plan.rows();
    Rows first = Rows.of(plan, 0, cut);
    Rows second = Rows.of(plan, cut, plan.rows());
    embed(first, plan);
    embed(second, plan);
    for (int layer = 0; layer < model.layers(); layer++) {
      advance(first, layer, plan, result);
      advance(second, layer, plan, result);
    }
    collect(first, model.layers() - 1, plan, result);
    collect(second, model.layers() - 1, plan, result);
    finish(first, plan, result, sink);
    finish(second, plan, result, sink);
  }

  private void checkPlan(StepPlan plan) {
    Violation.unless(
        plan.rows() <= maxRows,
        () -> "a step of " + plan.rows() + " rows, the limit is " + maxRows);
    for (Chunk chunk : plan.chunks()) {
      SimRequest request = requests.apply(chunk.sequence());
      Violation.unless(
          !request.ended(), () -> "a step computes " + request.id() + ", which has ended");
      Violation.unless(
          timeline.now() < request.request().deadlineNanos(),
          () -> "a step starts " + request.id() + " after its deadline");
      Violation.unless(
          chunk.count() > 0 && chunk.end() <= chunk.sequence().length(),
          () -> "a step computes positions of " + request.id() + " up to " + chunk.end());
    }
  }

  private void embed(Rows rows, StepPlan plan) {
    for (int row = 0; row < rows.count; row++) {
      Sequence sequence = plan.chunks().get(rows.chunks[row]).sequence();
      rows.states[row] = model.embed(sequence.ids()[rows.positions[row]]);
    }
  }

  private void advance(Rows rows, int layer, StepPlan plan, StepResult result) {
    collect(rows, layer - 1, plan, result);
    rows.compact(result);
    if (rows.count == 0) {
      return;
    }
    List<Chunk> chunks = plan.chunks();
    for (int row = 0; row < rows.count; row++) {
      Sequence sequence = chunks.get(rows.chunks[row]).sequence();
      store(layer, sequence, rows.positions[row], rows.states[row]);
    }
    for (int row = 0; row < rows.count; row++) {
      Sequence sequence = chunks.get(rows.chunks[row]).sequence();
      int position = rows.positions[row];
      long state = ToyModel.afterAttention(rows.states[row], attend(layer, sequence, position));
      SimRequest request = requests.apply(sequence);
      Violation.unless(
          state == request.expected().beforeExperts(layer, position),
          "%s layer %d position %d: attention did not see what came before it",
          request.id(),
          layer,
          position);
      rows.states[row] = state;
      ToyModel.spell(state, rows.input, row * ToyModel.WIDTH);
      rows.tokens[row] = sequence.ids()[position];
      rows.groups[row] = (int) sequence.number();
    }
    rows.pending =
        routed.submit(
            new RoutedBatch(
                layer, rows.input, rows.count, rows.tokens, rows.groups, plan.deadlineNanos()));
  }

  private void store(int layer, Sequence sequence, int position, long state) {
    int slot = slot(sequence, position);
    keys[layer][slot] = model.key(layer, state);
    salts[slot] = sequence.request().cacheSalt();
  }

  private long attend(int layer, Sequence sequence, int position) {
    byte[] salt = sequence.request().cacheSalt();
    long sum = 0;
    for (int p = 0; p <= position; p++) {
      int slot = slot(sequence, p);
      Violation.unless(
          Arrays.equals(salt, salts[slot]),
          () -> requests.apply(sequence).id() + " reads a page of another tenant");
      sum = ToyModel.attend(sum, keys[layer][slot]);
    }
    return sum;
  }

  private static int slot(Sequence sequence, int position) {
    Violation.unless(
        position / PAGE < sequence.table().count(),
        () -> sequence + " has no page for position " + position);
    return sequence.table().pages()[position / PAGE] * PAGE + position % PAGE;
  }

  private void collect(Rows rows, int layer, StepPlan plan, StepResult result) {
    RoutedCall call = rows.pending;
    if (call == null) {
      return;
    }
    rows.pending = null;
    RoutedRows combined;
    try {
      combined = call.await();
    } catch (MeshException e) {
      for (int row = 0; row < rows.count; row++) {
        result.failed(rows.chunks[row], e.code(), String.valueOf(e.getMessage()));
      }
      return;
    }
    mark(rows, combined.nonFinite(), result, ErrorCode.NON_FINITE, "not finite");
    mark(rows, combined.unavailable(), result, ErrorCode.EXPERT_UNAVAILABLE, combined.detail());
    for (int row = 0; row < rows.count; row++) {
      if (combined.unavailable().get(row) || combined.nonFinite().get(row)) {
        continue;
      }
      SimRequest request = requests.apply(plan.chunks().get(rows.chunks[row]).sequence());
      int position = rows.positions[row];
      rows.states[row] =
          ToyModel.afterExperts(rows.states[row], combined.rows(), row * ToyModel.WIDTH);
      Violation.unless(
          rows.states[row] == request.expected().afterExperts(layer, position),
          "%s layer %d position %d: the combined row is not the sum of its experts' rows, each once",
          request.id(),
          layer,
          position);
    }
  }

  private static void mark(
      Rows rows, BitSet which, StepResult result, ErrorCode code, String detail) {
    for (int row = which.nextSetBit(0); row >= 0; row = which.nextSetBit(row + 1)) {
      result.failed(rows.chunks[row], code, detail);
    }
  }

  private static void finish(Rows rows, StepPlan plan, StepResult result, LogitSink sink) {
    rows.compact(result);
    int[] chunks = new int[rows.count];
    int[] positions = new int[rows.count];
    float[] logits = new float[rows.count * ToyModel.VOCAB];
    int wanted = 0;
    for (int row = 0; row < rows.count; row++) {
      if (plan.chunks().get(rows.chunks[row]).needsLogits(rows.positions[row])) {
        chunks[wanted] = rows.chunks[row];
        positions[wanted] = rows.positions[row];
        ToyModel.logits(rows.states[row], logits, wanted * ToyModel.VOCAB);
        wanted++;
      }
    }
    if (wanted > 0) {
      sink.accept(wanted, chunks, positions, logits);
    }
  }
}
