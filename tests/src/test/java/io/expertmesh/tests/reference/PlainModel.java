package io.expertmesh.tests.reference;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.ObjectMapper;

/**
 * A decoder of any of many families, from its config and random weights: names of tensors, flags
 * and formulas as the reference implementations have them, in doubles, one whole sequence at a
 * time, without a cache. Slow, and meant to be read beside the formulas.
 */
public final class PlainModel {
  private final String json;
  private final PlainConfig config;
  private final RandomTensors tensors;
  private final PlainAttention attention;
  private final PlainGate gate;
  private final int hidden;

  /** A model of a config, whose weights depend on the seed alone. */
  public PlainModel(String json, long seed) {
    this.json = json;
    config = new PlainConfig(new ObjectMapper().readTree(json));
    tensors = new RandomTensors(seed);
    attention = new PlainAttention(config, tensors);
    gate = new PlainGate(config);
    hidden = config.integer("hidden_size");
  }

  /**
   * What a sequence gives.
   *
   * @param logits {@code [tokens][vocab]}
   * @param groups {@code [routed layers][tokens]}: what every token was assigned, one token each
   */
  public record Output(double[][] logits, List<List<Assigned>> groups) {}

  /**
   * What one token was assigned in one layer.
   *
   * @param weights by expert, NaN where it does not go
   * @param dropped weights of choices that found no room, by expert, else NaN
   */
  public record Assigned(double[] weights, double[] dropped) {}

  /** Tokens in the vocabulary. */
  public int vocabulary() {
    return config.integer("vocab_size");
  }

  /** A tensor of these values in the place of random ones. */
  public void put(String name, float... values) {
    tensors.put(name, values);
  }

  /** Writes the checkpoint; the model must have computed something before. */
  public Path write(Path folder) {
    try {
      Files.writeString(folder.resolve("config.json"), json);
      tensors.write(folder.resolve("model.safetensors"));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Computes a prompt. */
  public Output run(int[] ids) {
    return run(ids, ids.length);
  }

  /** Computes a prompt and tokens that were generated after it, one by one. */
  public Output run(int[] ids, int prompt) {
    double[][] embedding = tensors.matrix("model.embed_tokens.weight", vocabulary(), hidden, 4);
    double[][] x = new double[ids.length][];
    for (int t = 0; t < ids.length; t++) {
      x[t] = PlainMath.times(embeddingFactor(), embedding[ids[t]]);
    }
    List<List<Assigned>> groups = new ArrayList<>();
    double residual =
        config.is("granite", "granitemoeshared") ? config.number("residual_multiplier") : 1;
    for (int layer = 0; layer < config.integer("num_hidden_layers"); layer++) {
      String at = "model.layers." + layer + ".";
      double[][] input = norm(at + "input_layernorm", x);
      double[][] attended = attention.apply(layer, input, prompt);
      if (config.is("cohere", "cohere2")) {
        double[][] computed = feedForward(layer, input, prompt, groups);
        x = plus(plus(x, 1, attended), 1, computed);
      } else if (config.is("gemma2")) {
        x = plus(x, 1, norm(at + "post_attention_layernorm", attended));
        double[][] next = norm(at + "pre_feedforward_layernorm", x);
        double[][] computed = feedForward(layer, next, prompt, groups);
        x = plus(x, 1, norm(at + "post_feedforward_layernorm", computed));
      } else {
        x = plus(x, residual, attended);
        double[][] next = norm(at + "post_attention_layernorm", x);
        x = plus(x, residual, feedForward(layer, next, prompt, groups));
      }
    }
    double[][] last = norm("model.norm", x);
    double[][] head =
        config.flag("tie_word_embeddings")
            ? embedding
            : tensors.matrix("lm_head.weight", vocabulary(), hidden);
    double[][] logits = new double[ids.length][];
    for (int t = 0; t < ids.length; t++) {
      logits[t] = PlainMath.times(logitFactor(), PlainMath.times(head, last[t]));
      for (int v = 0; v < vocabulary() && config.has("final_logit_softcapping"); v++) {
        logits[t][v] = PlainMath.capped(logits[t][v], config.number("final_logit_softcapping"));
      }
    }
    return new Output(logits, groups);
  }

  /** Continues a prompt by the most probable token, again and again. */
  public List<Integer> greedy(int[] prompt, int tokens) {
    int[] ids = prompt.clone();
    List<Integer> generated = new ArrayList<>();
    for (int i = 0; i < tokens; i++) {
      int next = PlainMath.best(run(ids, prompt.length).logits()[ids.length - 1]);
      generated.add(next);
      ids = Arrays.copyOf(ids, ids.length + 1);
      ids[ids.length - 1] = next;
    }
    return generated;
  }

  private double embeddingFactor() {
    return switch (config.type()) {
      case "gemma", "gemma2" -> (float) Math.sqrt(hidden);
      case "granite", "granitemoeshared" -> config.number("embedding_multiplier");
      default -> 1;
    };
  }

  private double logitFactor() {
    return switch (config.type()) {
      case "cohere", "cohere2" -> config.number("logit_scale");
      case "granite", "granitemoeshared" -> 1 / config.number("logits_scaling");
      default -> 1;
    };
  }

  private double[][] norm(String name, double[][] x) {
    double[] w;
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      switch (config.type()) {
        case "cohere", "cohere2" -> {
          w = tensors.vector(name + ".weight", 1, 0.2, hidden);
          y[t] = PlainMath.layerNorm(x[t], w, config.number("layer_norm_eps"));
        }
        case "gemma", "gemma2" -> {
          w = tensors.vector(name + ".weight", 0, 0.2, hidden).clone();
          for (int i = 0; i < hidden; i++) {
            w[i] += 1;
          }
          y[t] = PlainMath.rms(x[t], w, config.number("rms_norm_eps"));
        }
        default -> {
          w = tensors.vector(name + ".weight", 1, 0.2, hidden);
          y[t] = PlainMath.rms(x[t], w, config.number("rms_norm_eps"));
        }
      }
    }
    return y;
  }

  private static double[][] plus(double[][] x, double factor, double[][] y) {
    double[][] sum = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      sum[t] = PlainMath.plus(x[t], PlainMath.times(factor, y[t]));
    }
    return sum;
  }

  private double[][] feedForward(int layer, double[][] x, int prompt, List<List<Assigned>> groups) {
    PlainExperts experts = new PlainExperts(config, tensors, layer);
    return routed(layer) ? experts.routed(gate, x, prompt, groups) : experts.dense(x);
  }

  private boolean routed(int layer) {
    return switch (config.type()) {
      case "mixtral", "olmoe", "granitemoeshared" -> true;
      case "qwen2_moe", "qwen3_moe" ->
          gate.experts() > 0
              && !config.integers("mlp_only_layers").contains(layer)
              && (layer + 1) % config.integer("decoder_sparse_step", 1) == 0;
      case "deepseek_v2", "deepseek_v3" ->
          layer >= config.integer("first_k_dense_replace")
              && layer % config.integer("moe_layer_freq", 1) == 0;
      default -> false;
    };
  }
}
