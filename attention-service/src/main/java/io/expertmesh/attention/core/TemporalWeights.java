package io.expertmesh.attention.core;

import io.expertmesh.model.core.AttentionSpec;
import io.expertmesh.model.core.LatentAttentionSpec;
import io.expertmesh.model.kernel.KvLayout;
import io.expertmesh.model.kernel.LatentLayout;
import io.expertmesh.model.kernel.PackedMatrix;
import io.expertmesh.model.kernel.ScoreRule;
import java.util.List;
import java.util.Optional;

/** What this process holds of a layer's temporal mixer. */
sealed interface TemporalWeights {
  /** Bytes of packed weights that one step reads. */
  long bytes();

  /** The map to the residual stream. */
  Projection output();

  /**
   * Attention with key-value heads.
   *
   * @param queryKeyValue query, key and value rows stacked
   * @param queryNorms norms of neighbouring parts of a query row, in order; empty for none
   * @param keyNorms the same for a key row
   * @param rope index of the rotary table; empty for none
   * @param layout pages of one key-value head
   * @param rules what is done to scores, per key-value head
   * @param output {@code [hidden, heads · headDim]}
   */
  record Attention(
      AttentionSpec spec,
      Projection queryKeyValue,
      List<Norm> queryNorms,
      List<Norm> keyNorms,
      Optional<RotaryHeads> rope,
      KvLayout layout,
      List<ScoreRule> rules,
      Projection output)
      implements TemporalWeights {
    @Override
    public long bytes() {
      return queryKeyValue.bytes() + output.bytes();
    }

    /** Floats of one row of queries, keys and values. */
    int width() {
      return queryKeyValue.outputs();
    }
  }

  /**
   * Latent attention with absorbed projections: a query head is mapped into the compressed space,
   * attends there, and what it attended to is mapped to its value.
   *
   * @param down the query's (or its first half's) rows, then the compressed row and the shared key
   *     part
   * @param queryNorm norm between the halves of a query projection in two steps
   * @param query second half of such a projection
   * @param compressedNorm norm of the compressed row
   * @param rope rotation of the shared key part and of the last part of every query head
   * @param absorbed {@code [rank, plainDim]} per head
   * @param values {@code [valueDim, rank]} per head
   * @param valueBias {@code heads · valueDim} addends; empty for none. A bias of the plain keys
   *     adds the same to all scores of a query and is left out
   * @param output {@code [hidden, heads · valueDim]}
   */
  record Latent(
      LatentAttentionSpec spec,
      Projection down,
      Optional<Norm> queryNorm,
      Optional<Projection> query,
      Norm compressedNorm,
      RotaryHeads rope,
      LatentLayout layout,
      List<PackedMatrix> absorbed,
      List<PackedMatrix> values,
      float[] valueBias,
      Projection output)
      implements TemporalWeights {
    @Override
    public long bytes() {
      long bytes = down.bytes() + output.bytes() + query.map(Projection::bytes).orElse(0L);
      for (PackedMatrix matrix : absorbed) {
        bytes += matrix.bytes();
      }
      for (PackedMatrix matrix : values) {
        bytes += matrix.bytes();
      }
      return bytes;
    }

    /** Floats of one query head. */
    int queryDim() {
      return spec.plainDim() + layout.shared();
    }

    /** Floats of all query heads of a row. */
    int queryWidth() {
      return spec.heads() * queryDim();
    }

    /** Where the compressed row begins in a row of {@link #down}. */
    int compressedAt() {
      return down.outputs() - layout.width();
    }
  }
}
