package io.expertmesh.model.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads gated feed-forward networks, dense ones and experts. Experts come as three matrices each,
 * in the names of Mixtral or in those of Qwen, or fused into two stacked tensors per layer.
 *
 * @param tensors where they are
 * @param hidden floats of a row
 * @param activation of the gate
 */
record FeedForwards(TensorCatalog tensors, int hidden, Activation activation) {
  private static final List<String> QWEN = List.of("gate_proj", "up_proj", "down_proj");
  private static final List<String> MIXTRAL = List.of("w1", "w3", "w2");

  static FeedForwards of(Decoder decoder) {
    return of(decoder, "hidden_act");
  }

  static FeedForwards of(Decoder decoder, String activationKey) {
    Activation activation = Activations.read(decoder.config(), activationKey);
    return new FeedForwards(decoder.tensors(), decoder.shape().hidden(), activation);
  }

  /** The network {@code prefix.{gate,up,down}_proj}; {@code prefix} ends with a dot. */
  DenseFfn dense(String prefix, int inner, boolean bias) {
    return named(prefix, QWEN, inner, bias);
  }

  private DenseFfn named(String prefix, List<String> names, int inner, boolean bias) {
    return new DenseFfn(
        inner,
        activation,
        Optional.of(tensors.linear(prefix + names.get(0), inner, hidden, bias)),
        tensors.linear(prefix + names.get(1), inner, hidden, bias),
        tensors.linear(prefix + names.get(2), hidden, inner, bias));
  }

  /** The experts below {@code block}, which ends with a dot, whatever their layout. */
  List<DenseFfn> experts(String block, int count, int inner) {
    String prefix = block + "experts.";
    if (tensors.has(prefix + "gate_up_proj")) {
      return fused(prefix + "gate_up_proj", prefix + "down_proj", count, inner);
    }
    boolean qwen =
        tensors.has(prefix + "0.gate_proj.weight")
            || (block.endsWith(".mlp.") && !tensors.has(prefix + "0.w1.weight"));
    List<DenseFfn> networks = new ArrayList<>();
    for (int e = 0; e < count; e++) {
      networks.add(named(prefix + e + ".", qwen ? QWEN : MIXTRAL, inner, false));
    }
    return networks;
  }

  /**
   * One network in two tensors.
   *
   * @param gateUp {@code [2 · inner, hidden]}: gate rows, then up rows
   * @param down {@code [hidden, inner]}
   */
  DenseFfn halves(String gateUp, String down, int inner) {
    TensorCatalog.Stack both =
        new TensorCatalog.Stack(tensors.matrix(gateUp, Math.multiplyExact(2, inner), hidden));
    return new DenseFfn(
        inner,
        activation,
        Optional.of(Linear.of(both.rows(-1, 0, 1, inner))),
        Linear.of(both.rows(-1, inner, 1, inner)),
        Linear.of(tensors.matrix(down, hidden, inner)));
  }

  /**
   * Experts in two stacked tensors.
   *
   * @param gateUp {@code [count, 2 · inner, hidden]}: gate rows, then up rows
   * @param down {@code [count, hidden, inner]}
   */
  List<DenseFfn> fused(String gateUp, String down, int count, int inner) {
    TensorCatalog.Stack gates = tensors.stack(gateUp, count, Math.multiplyExact(2, inner), hidden);
    TensorCatalog.Stack downs = tensors.stack(down, count, hidden, inner);
    List<DenseFfn> networks = new ArrayList<>();
    for (int e = 0; e < count; e++) {
      networks.add(
          new DenseFfn(
              inner,
              activation,
              Optional.of(Linear.of(gates.rows(e, 0, 1, inner))),
              Linear.of(gates.rows(e, inner, 1, inner)),
              Linear.of(downs.slice(e))));
    }
    return networks;
  }
}
