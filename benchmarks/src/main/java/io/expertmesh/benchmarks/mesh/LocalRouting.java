package io.expertmesh.benchmarks.mesh;

import io.expertmesh.attention.core.RoutedBatch;
import io.expertmesh.attention.core.RoutedCall;
import io.expertmesh.attention.core.RoutedLayers;
import io.expertmesh.attention.core.RoutedRows;
import io.expertmesh.expert.core.ExpertEngine;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.router.core.Dispatcher;
import io.expertmesh.router.core.ExpertCall;
import io.expertmesh.router.core.ExpertLink;
import io.expertmesh.router.core.ExpertReply;
import io.expertmesh.router.core.Replica;
import io.expertmesh.router.core.RouteRequest;
import io.expertmesh.router.core.RouteResult;
import io.expertmesh.router.core.RouteSink;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * The in-process transport: the same gates, dispatcher, combiner and expert engine as in the mesh,
 * called directly on the engine's thread. Every call is complete when {@link #submit} returns.
 */
final class LocalRouting implements RoutedLayers, ExpertLink, RouteSink {
  private final ExpertEngine engine;
  private final int width;
  private final long version;
  private @Nullable Dispatcher dispatcher;
  private RoutedRows answer = RoutedRows.complete(new float[0]);
  private float[] input = new float[0];
  private float[] output = new float[0];
  private long calls;
  private long blocks;

  LocalRouting(ExpertEngine engine) {
    this.engine = engine;
    this.width = engine.weights().hidden();
    this.version = engine.weights().version();
  }

  /** Must be called before the first batch. */
  void dispatchWith(Dispatcher all) {
    dispatcher = all;
  }

  /** (layer, expert) blocks computed so far: each read its weights once. */
  long blocks() {
    return blocks;
  }

  @Override
  public RoutedCall submit(RoutedBatch batch) {
    Dispatcher all = dispatcher;
    if (all == null) {
      throw new IllegalStateException("no dispatcher");
    }
    long now = System.nanoTime();
    all.route(
        new RouteRequest(
            calls++,
            batch.layer(),
            batch.rowCount(),
            batch.rows(),
            0,
            batch.tokenIds(),
            Arrays.copyOf(batch.groups(), batch.rowCount()),
            batch.groupLengths(0, batch.rowCount()),
            false,
            now,
            batch.deadlineNanos(),
            this));
    RoutedRows rows = answer;
    return () -> rows;
  }

  @Override
  public void send(ExpertCall call) {
    int pairs = call.pairCount();
    float[] results = new float[pairs * width];
    int from = 0;
    while (from < pairs) {
      int expert = call.pairExpert(from);
      int to = from + 1;
      while (to < pairs && call.pairExpert(to) == expert) {
        to++;
      }
      compute(call, from, to, results);
      from = to;
    }
    Dispatcher all = dispatcher;
    if (all != null) {
      all.reply(
          call.replica(),
          call.id(),
          ExpertReply.ok(pairs, width, version, results, 0, results.length));
    }
  }

  private void compute(ExpertCall call, int from, int to, float[] results) {
    int rows = to - from;
    if (input.length < rows * width) {
      input = new float[rows * width];
      output = new float[rows * width];
    }
    for (int i = 0; i < rows; i++) {
      System.arraycopy(
          call.rows(), call.rowsOffset() + call.pairRow(from + i) * width, input, i * width, width);
    }
    engine.compute(
        engine.weights().shard().block(call.layer(), call.pairExpert(from)), input, rows, output);
    System.arraycopy(output, 0, results, from * width, rows * width);
    blocks++;
  }

  @Override
  public void release(float[] rows) {}

  @Override
  public void ejected(Replica replica, String reason) {
    throw new MeshException(ErrorCode.INTERNAL, reason);
  }

  @Override
  public void complete(RouteRequest request, RouteResult result) {
    answer =
        new RoutedRows(
            Arrays.copyOf(result.rows(), request.rowCount() * width),
            (BitSet) result.unavailable().clone(),
            (BitSet) result.nonFinite().clone(),
            result.detail());
  }

  @Override
  public void fail(RouteRequest request, ErrorCode code, String message) {
    throw new MeshException(code, message);
  }
}
