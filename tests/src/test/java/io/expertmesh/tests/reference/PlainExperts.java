package io.expertmesh.tests.reference;

import java.util.ArrayList;
import java.util.List;

/** The feed-forward block of a layer, dense or with experts. */
final class PlainExperts {
  private final PlainConfig config;
  private final RandomTensors tensors;
  private final String at;
  private final int hidden;
  private final String activation;

  PlainExperts(PlainConfig config, RandomTensors tensors, int layer) {
    this.config = config;
    this.tensors = tensors;
    at = "model.layers." + layer + ".";
    hidden = config.integer("hidden_size");
    activation =
        config.is("gemma", "gemma2")
            ? config.text("hidden_activation", "")
            : config.text("hidden_act", "");
  }

  double[][] dense(double[][] x) {
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      y[t] = network(at + "mlp.", config.integer("intermediate_size"), x[t]);
    }
    return y;
  }

  /** Prompt tokens are one group, each of the others is one of its own. */
  double[][] routed(
      PlainGate gate, double[][] x, int prompt, List<List<PlainModel.Assigned>> told) {
    double[][] logits = new double[x.length][];
    double[][] matrix = tensors.matrix(gateName(), gate.experts(), hidden, 2);
    for (int t = 0; t < x.length; t++) {
      logits[t] = PlainMath.times(matrix, x[t]);
    }
    double[] table = table(gate.experts());
    for (int e = 0; e < gate.experts(); e++) {
      // so that all experts are named, also those that no token goes to
      expert(e, gate.experts(), x[0]);
    }
    List<PlainModel.Assigned> assigned = new ArrayList<>();
    double[][] y = new double[x.length][];
    for (int first = 0; first < x.length; ) {
      int end = first < prompt ? prompt : first + 1;
      double[][] group = new double[end - first][];
      System.arraycopy(logits, first, group, 0, group.length);
      PlainGate.Group result = gate.assign(group, table, first >= prompt);
      for (int t = first; t < end; t++) {
        double[] weights = result.weights()[t - first];
        assigned.add(new PlainModel.Assigned(weights, result.dropped()[t - first]));
        y[t] = shared(x[t]);
        for (int e = 0; e < weights.length; e++) {
          if (!Double.isNaN(weights[e])) {
            double[] row = expert(e, gate.experts(), x[t]);
            y[t] = PlainMath.plus(y[t], PlainMath.times(weights[e], row));
          }
        }
      }
      first = end;
    }
    told.add(assigned);
    return y;
  }

  private String gateName() {
    return switch (config.type()) {
      case "mixtral" -> at + "block_sparse_moe.gate.weight";
      case "granitemoeshared" -> at + "block_sparse_moe.router.layer.weight";
      default -> at + "mlp.gate.weight";
    };
  }

  private double[] table(int experts) {
    if (config.is("deepseek_v3")) {
      return tensors.vector(at + "mlp.gate.e_score_correction_bias", 0, 0.3, experts);
    }
    return tensors.given(gateName().replace(".weight", ".expert_thresholds"));
  }

  private double[] expert(int e, int experts, double[] x) {
    return switch (config.type()) {
      case "mixtral" -> {
        String name = at + "block_sparse_moe.experts." + e + ".";
        int inner = config.integer("intermediate_size");
        yield gated(
            tensors.matrix(name + "w1.weight", inner, hidden),
            tensors.matrix(name + "w3.weight", inner, hidden),
            tensors.matrix(name + "w2.weight", hidden, inner),
            x);
      }
      case "olmoe" ->
          network(at + "mlp.experts." + e + ".", config.integer("intermediate_size"), x);
      case "granitemoeshared" -> {
        int inner = config.integer("intermediate_size");
        String name = at + "block_sparse_moe.";
        double[][] both =
            tensors.slice(name + "input_linear.weight", e, experts, 2 * inner, hidden);
        yield halves(
            both, tensors.slice(name + "output_linear.weight", e, experts, hidden, inner), x);
      }
      default -> network(at + "mlp.experts." + e + ".", config.integer("moe_intermediate_size"), x);
    };
  }

  /** What every token gets. */
  private double[] shared(double[] x) {
    if (config.is("qwen2_moe")) {
      int inner = config.integer("shared_expert_intermediate_size");
      double[][] gate = tensors.matrix(at + "mlp.shared_expert_gate.weight", 1, hidden);
      return PlainMath.times(
          PlainMath.sigmoid(PlainMath.times(gate, x)[0]),
          network(at + "mlp.shared_expert.", inner, x));
    }
    if (config.is("deepseek_v2", "deepseek_v3") && config.integer("n_shared_experts", 0) > 0) {
      int inner = config.integer("moe_intermediate_size") * config.integer("n_shared_experts");
      return network(at + "mlp.shared_experts.", inner, x);
    }
    if (config.is("granitemoeshared")) {
      int inner = config.integer("shared_intermediate_size");
      return halves(
          tensors.matrix(at + "shared_mlp.input_linear.weight", 2 * inner, hidden),
          tensors.matrix(at + "shared_mlp.output_linear.weight", hidden, inner),
          x);
    }
    return new double[hidden];
  }

  /** {@code down(act(gate x) ⊙ up x)}, with biases where the config says so. */
  private double[] network(String name, int inner, double[] x) {
    boolean bias = config.flag("mlp_bias");
    double[] gate = PlainMath.times(tensors.matrix(name + "gate_proj.weight", inner, hidden), x);
    double[] up = PlainMath.times(tensors.matrix(name + "up_proj.weight", inner, hidden), x);
    if (bias) {
      gate = PlainMath.plus(gate, tensors.vector(name + "gate_proj.bias", 0, 0.3, inner));
      up = PlainMath.plus(up, tensors.vector(name + "up_proj.bias", 0, 0.3, inner));
    }
    double[] down =
        PlainMath.times(
            tensors.matrix(name + "down_proj.weight", hidden, inner), product(gate, up));
    return bias
        ? PlainMath.plus(down, tensors.vector(name + "down_proj.bias", 0, 0.3, hidden))
        : down;
  }

  private double[] gated(double[][] gate, double[][] up, double[][] down, double[] x) {
    return PlainMath.times(down, product(PlainMath.times(gate, x), PlainMath.times(up, x)));
  }

  private double[] halves(double[][] both, double[][] down, double[] x) {
    double[] gateUp = PlainMath.times(both, x);
    int inner = gateUp.length / 2;
    return PlainMath.times(
        down, product(PlainMath.part(gateUp, 0, inner), PlainMath.part(gateUp, inner, inner)));
  }

  private double[] product(double[] gate, double[] up) {
    double[] y = new double[gate.length];
    for (int i = 0; i < gate.length; i++) {
      y[i] = PlainMath.activation(activation, gate[i]) * up[i];
    }
    return y;
  }
}
