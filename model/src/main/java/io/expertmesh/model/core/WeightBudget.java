package io.expertmesh.model.core;

import java.util.ArrayList;
import java.util.List;

/**
 * How large a model is and which role holds what: for status pages, placement, and the memory limit
 * of decoding.
 *
 * @param parameters number of weights; a tied embedding counts once
 * @param embedding bytes of the token embedding
 * @param head bytes that the LM head reads, whether or not it is tied to the embedding
 * @param tied true if the head is the embedding
 * @param layers budgets of the layers in order
 */
public record WeightBudget(
    long parameters, long embedding, long head, boolean tied, List<LayerBudget> layers) {
  public WeightBudget {
    layers = List.copyOf(layers);
  }

  /** Adds up a checkpoint. */
  public static WeightBudget of(Checkpoint checkpoint) {
    ModelSpec spec = checkpoint.spec();
    Count count = new Count(checkpoint);
    boolean tied = spec.tied();
    long embedding = count.matrix(spec.embedding().table());
    long head = tied ? embedding : count.linear(spec.head().linear());
    count.norm(spec.finalNorm());
    List<LayerBudget> layers = new ArrayList<>();
    for (LayerSpec layer : spec.layers()) {
      long attention = count.temporal(layer.temporalMixer());
      long norms = count.norms(layer);
      layers.add(
          switch (layer.channelMixer()) {
            case DenseFfn dense -> new LayerBudget(attention, norms, 0, count.ffn(dense), 0, 0);
            case RoutedFfn routed -> count.routed(attention, norms, routed);
          });
    }
    return new WeightBudget(count.parameters, embedding, head, tied, layers);
  }

  /** Bytes of all weights. */
  public long total() {
    long bytes = embedding + (tied ? 0 : head);
    for (LayerBudget layer : layers) {
      bytes += layer.always() + layer.allExperts();
    }
    return bytes;
  }

  /**
   * Bytes that one step has to read from memory: all that every token uses, and as many experts per
   * routed layer as the step's tokens touch. Single embedding rows are left out.
   *
   * @param expertsTouched distinct experts per routed layer, on average
   */
  public double stepBytes(double expertsTouched) {
    double bytes = head;
    for (LayerBudget layer : layers) {
      bytes += layer.always() + layer.expert() * Math.min(expertsTouched, layer.experts());
    }
    return bytes;
  }

  /** Sums of one checkpoint. */
  private static final class Count {
    private final Checkpoint checkpoint;
    private long parameters;

    Count(Checkpoint checkpoint) {
      this.checkpoint = checkpoint;
    }

    long matrix(TensorRef ref) {
      long elements = (long) ref.rows() * ref.columns();
      parameters += elements;
      return elements * checkpoint.dtype(ref).bytes();
    }

    long linear(Linear linear) {
      return matrix(linear.weight()) + linear.bias().map(this::vector).orElse(0L);
    }

    long vector(TensorRef ref) {
      parameters += ref.rows();
      return (long) ref.rows() * Float.BYTES;
    }

    long norms(LayerSpec layer) {
      return norm(layer.temporalNorm())
          + layer.temporalPostNorm().map(this::norm).orElse(0L)
          + layer.channelNorm().map(this::norm).orElse(0L)
          + layer.channelPostNorm().map(this::norm).orElse(0L);
    }

    long norm(NormSpec norm) {
      return vector(norm.weight()) + norm.bias().map(this::vector).orElse(0L);
    }

    long temporal(TemporalMixer mixer) {
      return switch (mixer) {
        case AttentionSpec a ->
            linear(a.query())
                + linear(a.key())
                + linear(a.value())
                + linear(a.output())
                + a.sinks().map(this::vector).orElse(0L)
                + a.queryKeyNorm().map(n -> norm(n.query()) + norm(n.key())).orElse(0L);
        case LatentAttentionSpec a ->
            a.queryDown().map(q -> linear(q.down()) + norm(q.norm())).orElse(0L)
                + linear(a.query())
                + linear(a.compress())
                + norm(a.compressedNorm())
                + linear(a.expand())
                + linear(a.output());
      };
    }

    long ffn(DenseFfn ffn) {
      return ffn.gate().map(this::linear).orElse(0L) + linear(ffn.up()) + linear(ffn.down());
    }

    LayerBudget routed(long attention, long norms, RoutedFfn routed) {
      long gate =
          routed.gate().projection().map(this::linear).orElse(0L)
              + routed.gate().table().map(this::vector).orElse(0L);
      long all = routed.experts().stream().mapToLong(this::ffn).sum();
      int experts = routed.experts().size();
      long shared =
          routed
              .shared()
              .map(s -> ffn(s.network()) + s.gate().map(this::matrix).orElse(0L))
              .orElse(0L);
      return new LayerBudget(attention, norms, gate, shared, all / experts, experts);
    }
  }
}
