package io.expertmesh.router.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.RoutedFfn;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.router.core.gating.Assignments;
import io.expertmesh.router.core.gating.GatingPolicy;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The gates of all routed layers. A gate is an fp32 product, whatever the rest runs in: rows as
 * they came over the wire times gate weights widened exactly.
 */
public final class Gates implements Gating {
  private final List<@Nullable Gate> gates;
  private final Kernels kernels;
  private final ComputePool pool;
  private final Grouped grouped;
  private final GroupedRows groupedRows;
  private float[] logits = new float[0];

  /**
   * Gates by layer, each request a group of its own.
   *
   * @param gates one entry per layer of the model; null where the layer is not routed
   */
  public Gates(List<@Nullable Gate> gates, Kernels kernels, ComputePool pool) {
    this(gates, Grouped.BY_REQUEST, kernels, pool);
  }

  /**
   * Gates by layer.
   *
   * @param gates one entry per layer of the model; null where the layer is not routed
   * @param grouped which rows a policy that is not batch-invariant sees together
   */
  public Gates(List<@Nullable Gate> gates, Grouped grouped, Kernels kernels, ComputePool pool) {
    this.gates = new ArrayList<>(gates);
    this.grouped = grouped;
    this.groupedRows = new GroupedRows(grouped);
    this.kernels = kernels;
    this.pool = pool;
  }

  /** Packs the gates of a checkpoint, and nothing else of it. */
  public static Gates load(
      Checkpoint checkpoint, Grouped grouped, Kernels kernels, ComputePool pool, Arena arena) {
    List<@Nullable Gate> gates = new ArrayList<>();
    for (int layer = 0; layer < checkpoint.spec().layers().size(); layer++) {
      RoutedFfn routed = checkpoint.spec().routed(layer).orElse(null);
      gates.add(
          routed == null
              ? null
              : Gate.load(routed.gate(), routed.experts().size(), checkpoint, kernels, arena));
    }
    return new Gates(gates, grouped, kernels, pool);
  }

  /** True if no assignment depends on other rows than its own. */
  private boolean batchInvariant() {
    return gates.stream().allMatch(gate -> gate == null || gate.policy().batchInvariant());
  }

  @Override
  public String remark() {
    if (batchInvariant()) {
      return "";
    }
    return switch (grouped) {
      case BY_REQUEST -> "the gating policy assigns all rows of a prompt together";
      case POOLED ->
          "the gating policy pools the rows of all requests in a call, so that results depend on"
              + " which requests run together";
    };
  }

  @Override
  public void assign(RouteRequest request, Assignments out) {
    float[] scores = logits(request.layer(), request.rows(), request.offset(), request.rowCount());
    out.clear();
    groupedRows.assign(policy(request.layer()), scores, request, out);
  }

  /**
   * The logits of rows, which stay valid until the next call of this object.
   *
   * @param rows count × width from {@code offset}
   * @return rows × experts from 0, and then anything; may be overwritten
   */
  public float[] logits(int layer, float[] rows, int offset, int count) {
    Gate gate = gate(layer);
    int needed = count * gate.logitsPerRow();
    if (logits.length < needed) {
      logits = new float[needed];
    }
    gate.project(kernels, rows, offset, count, logits, pool);
    return logits;
  }

  /** The policy of a routed layer. */
  public GatingPolicy policy(int layer) {
    return gate(layer).policy();
  }

  private Gate gate(int layer) {
    Gate gate = gates.get(layer);
    if (gate == null) {
      throw new IllegalArgumentException("layer " + layer + " has no gate");
    }
    return gate;
  }
}
