package io.expertmesh.tests.reference;

import java.util.List;

/** Attention over a whole sequence: every query against every key that it may see. */
final class PlainAttention {
  private final PlainConfig config;
  private final RandomTensors tensors;
  private final int hidden;
  private final int heads;
  private final int kvHeads;

  PlainAttention(PlainConfig config, RandomTensors tensors) {
    this.config = config;
    this.tensors = tensors;
    hidden = config.integer("hidden_size");
    heads = config.integer("num_attention_heads");
    kvHeads = config.integer("num_key_value_heads", heads);
  }

  /**
   * What the attention of a layer adds.
   *
   * @param x normed rows
   * @param prompt how many of them are the prompt
   */
  double[][] apply(int layer, double[][] x, int prompt) {
    String at = "model.layers." + layer + ".self_attn.";
    return config.is("deepseek_v2", "deepseek_v3")
        ? latent(at, x, prompt)
        : plain(at, layer, x, prompt);
  }

  private double[][] plain(String at, int layer, double[][] x, int prompt) {
    int dim = config.integer("head_dim", hidden / heads);
    boolean bias = config.is("qwen2") || config.flag("qkv_bias") || config.flag("attention_bias");
    double[][] q = project(at + "q_proj", x, heads * dim, bias);
    double[][] k = project(at + "k_proj", x, kvHeads * dim, bias);
    double[][] v = project(at + "v_proj", x, kvHeads * dim, bias);
    for (int t = 0; t < x.length; t++) {
      q[t] = normed(at + "q_norm", q[t], heads, dim);
      k[t] = normed(at + "k_norm", k[t], kvHeads, dim);
    }
    if (config.has("clip_qkv")) {
      for (double[][] rows : new double[][][] {q, k, v}) {
        for (double[] row : rows) {
          for (int i = 0; i < row.length; i++) {
            row[i] = Math.clamp(row[i], -config.number("clip_qkv"), config.number("clip_qkv"));
          }
        }
      }
    }
    boolean slides = slides(layer);
    if (!config.is("cohere2") || slides) {
      int rotated = (int) (dim * config.number("partial_rotary_factor", 1));
      boolean pairs = config.is("cohere", "cohere2");
      for (int t = 0; t < x.length; t++) {
        PlainRotation rotation = new PlainRotation(config, rotated, pairs, length(t, prompt));
        for (int h = 0; h < heads; h++) {
          rotation.turn(q[t], h * dim, t);
        }
        for (int h = 0; h < kvHeads; h++) {
          rotation.turn(k[t], h * dim, t);
        }
      }
    }
    double scale =
        switch (config.type()) {
          case "gemma2" -> 1 / Math.sqrt(config.number("query_pre_attn_scalar"));
          case "granite", "granitemoeshared" -> config.number("attention_multiplier");
          default -> 1 / Math.sqrt(dim);
        };
    int window = slides ? config.integer("sliding_window") : Integer.MAX_VALUE;
    double[][] mixed = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      mixed[t] = new double[heads * dim];
      for (int h = 0; h < heads; h++) {
        int shared = h / (heads / kvHeads);
        double[] scores = new double[Math.min(t + 1, window)];
        int first = t + 1 - scores.length;
        for (int p = first; p <= t; p++) {
          double score = 0;
          for (int i = 0; i < dim; i++) {
            score += q[t][h * dim + i] * k[p][shared * dim + i];
          }
          scores[p - first] = score * scale;
          if (config.has("attn_logit_softcapping")) {
            scores[p - first] =
                PlainMath.capped(scores[p - first], config.number("attn_logit_softcapping"));
          }
        }
        double[] shares = PlainMath.softmax(scores);
        for (int p = first; p <= t; p++) {
          for (int i = 0; i < dim; i++) {
            mixed[t][h * dim + i] += shares[p - first] * v[p][shared * dim + i];
          }
        }
      }
    }
    boolean outputBias = config.flag("attention_bias") && !config.is("qwen2_moe");
    return project(at + "o_proj", mixed, hidden, outputBias);
  }

  /** Tokens that were known when a token was computed. */
  private static int length(int t, int prompt) {
    return t < prompt ? prompt : t + 1;
  }

  private boolean slides(int layer) {
    List<String> types = config.texts("layer_types");
    if (!types.isEmpty()) {
      return types.get(layer).equals("sliding_attention");
    }
    return switch (config.type()) {
      case "mistral", "mixtral" -> config.has("sliding_window");
      case "qwen2", "qwen3", "qwen2_moe", "qwen3_moe" ->
          config.flag("use_sliding_window") && layer >= config.integer("max_window_layers");
      case "gemma2" -> layer % 2 == 0;
      case "cohere2" -> (layer + 1) % config.integer("sliding_window_pattern") != 0;
      default -> false;
    };
  }

  /** Norms of queries or keys, where the model has them. */
  private double[] normed(String name, double[] x, int count, int dim) {
    boolean perHead = config.is("qwen3", "qwen3_moe");
    boolean ownWeights = config.is("cohere", "cohere2") && config.flag("use_qk_norm");
    if (config.is("olmoe")) {
      return PlainMath.rms(
          x, tensors.vector(name + ".weight", 1, 0.2, x.length), config.number("rms_norm_eps"));
    }
    if (!perHead && !ownWeights) {
      return x;
    }
    double[] y = new double[x.length];
    for (int h = 0; h < count; h++) {
      double[] head = PlainMath.part(x, h * dim, dim);
      double[] row;
      if (perHead) {
        double[] w = tensors.vector(name + ".weight", 1, 0.2, dim);
        row = PlainMath.rms(head, w, config.number("rms_norm_eps"));
      } else {
        double[] w = tensors.vector(name + ".weight", 1, 0.2, count, dim);
        row =
            PlainMath.layerNorm(
                head, PlainMath.part(w, h * dim, dim), config.number("layer_norm_eps"));
      }
      System.arraycopy(row, 0, y, h * dim, dim);
    }
    return y;
  }

  /** DeepSeek's: keys and values are expanded for every head from one compressed row. */
  private double[][] latent(String at, double[][] x, int prompt) {
    int rank = config.integer("kv_lora_rank");
    int nope = config.integer("qk_nope_head_dim");
    int rope = config.integer("qk_rope_head_dim");
    int value = config.integer("v_head_dim");
    boolean bias = config.flag("attention_bias");
    boolean pairs = config.is("deepseek_v2") || config.flag("rope_interleave");
    double[][] q;
    if (config.has("q_lora_rank")) {
      int queryRank = config.integer("q_lora_rank");
      double[][] down = project(at + "q_a_proj", x, queryRank, bias);
      double[] w = tensors.vector(at + "q_a_layernorm.weight", 1, 0.2, queryRank);
      for (int t = 0; t < x.length; t++) {
        down[t] = PlainMath.rms(down[t], w, 1e-6);
      }
      q = project(at + "q_b_proj", down, heads * (nope + rope), false);
    } else {
      q = project(at + "q_proj", x, heads * (nope + rope), false);
    }
    double[][] down = project(at + "kv_a_proj_with_mqa", x, rank + rope, bias);
    double[] w = tensors.vector(at + "kv_a_layernorm.weight", 1, 0.2, rank);
    double[][] compressed = new double[x.length][];
    double[][] turned = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      compressed[t] = PlainMath.rms(PlainMath.part(down[t], 0, rank), w, 1e-6);
      turned[t] = PlainMath.part(down[t], rank, rope);
      PlainRotation rotation = new PlainRotation(config, rope, pairs, length(t, prompt));
      rotation.turn(turned[t], 0, t);
      for (int h = 0; h < heads; h++) {
        rotation.turn(q[t], h * (nope + rope) + nope, t);
      }
    }
    double[][] kv = project(at + "kv_b_proj", compressed, heads * (nope + value), false);
    double scale = latentScale(nope + rope);
    double[][] mixed = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      mixed[t] = new double[heads * value];
      for (int h = 0; h < heads; h++) {
        double[] scores = new double[t + 1];
        for (int p = 0; p <= t; p++) {
          for (int i = 0; i < nope; i++) {
            scores[p] += q[t][h * (nope + rope) + i] * kv[p][h * (nope + value) + i] * scale;
          }
          for (int i = 0; i < rope; i++) {
            scores[p] += q[t][h * (nope + rope) + nope + i] * turned[p][i] * scale;
          }
        }
        double[] shares = PlainMath.softmax(scores);
        for (int p = 0; p <= t; p++) {
          for (int i = 0; i < value; i++) {
            mixed[t][h * value + i] += shares[p] * kv[p][h * (nope + value) + nope + i];
          }
        }
      }
    }
    return project(at + "o_proj", mixed, hidden, bias);
  }

  private double latentScale(int dim) {
    double scale = 1 / Math.sqrt(dim);
    if (config.has("rope_scaling")) {
      PlainConfig scaling = config.object("rope_scaling");
      double all = scaling.number("mscale_all_dim", 0);
      double m = all == 0 ? 1 : PlainRotation.magnitude(scaling.number("factor"), all);
      scale *= m * m;
    }
    return scale;
  }

  private double[][] project(String name, double[][] x, int outputs, boolean bias) {
    double[][] w = tensors.matrix(name + ".weight", outputs, x[0].length);
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      y[t] = PlainMath.times(w, x[t]);
      if (bias) {
        y[t] = PlainMath.plus(y[t], tensors.vector(name + ".bias", 0, 0.3, outputs));
      }
    }
    return y;
  }
}
