package io.expertmesh.model.core;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Which assignment rule a routed block uses, with its parameters. All rules compute in fp32; where
 * scores are equal, the lower index goes first. {@code s} are a row's logits, one per expert.
 */
public sealed interface GatingSpec {
  /**
   * True if a row's assignments depend on that row alone. Where they do not, the rows of one
   * request are a group of their own, and a request's prompt must reach the router whole.
   */
  default boolean batchInvariant() {
    return true;
  }

  /** Most experts that one row can choose, or be chosen by, of {@code experts}. */
  default int mostChoices(int experts) {
    return switch (this) {
      case SoftmaxTopK rule -> rule.k();
      case GroupLimitedTopK rule -> rule.k();
      case SigmoidTopK rule -> rule.k();
      case TopKSoftmax rule -> rule.k();
      case MegaBlocksTopK rule -> rule.k();
      case SparseMixer _, GShardTop2 _, NllbTop2 _, TopologyTop2 _ -> 2;
      case SwitchTop1 _, HashTable _, BaseLayer _ -> 1;
      case ExpertChoice rule -> Math.min(rule.mostPerToken().orElse(experts), experts);
      case SoftMixture _ -> experts;
    };
  }

  /** The name of the rule, for people and programs. */
  default String ruleName() {
    return getClass().getSimpleName();
  }

  /**
   * Softmax over all experts, then the k most probable: Mixtral, Qwen2/3-MoE, OLMoE, DeepSeek-V2
   * ({@code greedy}).
   *
   * @param k experts per token
   * @param normalized divide the k probabilities by their sum
   * @param scale factor on the weights, after that
   */
  record SoftmaxTopK(int k, boolean normalized, float scale) implements GatingSpec {
    public SoftmaxTopK {
      requireK(k);
      requireScale(scale);
    }

    /** Weights that add up to one (Mixtral). */
    public static SoftmaxTopK renormalized(int k) {
      return new SoftmaxTopK(k, true, 1);
    }
  }

  /**
   * Softmax over all experts; of consecutive groups of experts, those with the largest best
   * probability stay; the k most probable of these, times the scale (DeepSeek-V2, {@code
   * group_limited_greedy}).
   *
   * @param k experts per token
   * @param groups of equal size
   * @param keptGroups groups that experts are chosen from
   * @param normalized divide the k probabilities by their sum
   * @param scale factor on the weights, after that
   */
  record GroupLimitedTopK(int k, int groups, int keptGroups, boolean normalized, float scale)
      implements GatingSpec {
    public GroupLimitedTopK {
      requireK(k);
      requireGroups(groups, keptGroups);
      requireScale(scale);
    }
  }

  /**
   * Scores {@code σ(s)}; a correction bias per expert is added for choosing only. Groups are ranked
   * by the sum of their two largest biased scores; the k largest biased scores of the kept groups
   * win, with their unbiased scores as weights (DeepSeek-V3). The bias is the gate's {@link
   * GateSpec#table()}, {@code experts} values; all zero if there is none.
   *
   * @param k experts per token
   * @param groups of equal size; 1 for no limit
   * @param keptGroups groups that experts are chosen from
   * @param normalized divide the k scores by their sum + 1e-20
   * @param scale factor on the weights, after that
   */
  record SigmoidTopK(int k, int groups, int keptGroups, boolean normalized, float scale)
      implements GatingSpec {
    public SigmoidTopK {
      requireK(k);
      requireGroups(groups, keptGroups);
      requireScale(scale);
    }
  }

  /**
   * The two largest logits, each weighted by a softmax over the logits that are close to it
   * (PhiMoE).
   *
   * @param jitter {@code router_jitter_noise}: logits further away than twice this, relatively, are
   *     left out
   */
  record SparseMixer(float jitter) implements GatingSpec {
    public SparseMixer {
      if (!(jitter >= 0) || Float.isInfinite(jitter)) {
        throw new IllegalArgumentException(
            "router_jitter_noise is " + jitter + ", must be a number of at least 0");
      }
    }
  }

  /**
   * The k largest logits and a softmax over these alone: gpt-oss (with a bias in the projection),
   * Granite, and the noisy top-k gate of Shazeer et al. 2017 with the noise switched off, as it is
   * when serving.
   *
   * @param k experts per token
   */
  record TopKSoftmax(int k) implements GatingSpec {
    public TopKSoftmax {
      requireK(k);
    }
  }

  /**
   * Softmax over all experts, the k most probable, their probabilities divided by their p-norm
   * (MegaBlocks).
   *
   * @param k experts per token
   * @param norm {@code moe_normalize_expert_weights}: p; empty for raw probabilities
   * @param capacity pairs per expert; unlimited is the dropless form
   */
  record MegaBlocksTopK(int k, OptionalDouble norm, Capacity capacity) implements GatingSpec {
    public MegaBlocksTopK {
      requireK(k);
      Objects.requireNonNull(norm, "norm");
      Objects.requireNonNull(capacity, "capacity");
      if (norm.isPresent() && !(norm.getAsDouble() > 0)) {
        throw new IllegalArgumentException(
            "moe_normalize_expert_weights is " + norm.getAsDouble() + ", must be positive");
      }
    }

    @Override
    public boolean batchInvariant() {
      return !capacity.limits();
    }
  }

  /**
   * The most probable expert, weighted by its probability (Switch Transformer).
   *
   * @param capacity tokens per expert and group; a token that comes later is dropped
   */
  record SwitchTop1(Capacity capacity) implements GatingSpec {
    public SwitchTop1 {
      Objects.requireNonNull(capacity, "capacity");
    }

    @Override
    public boolean batchInvariant() {
      return !capacity.limits();
    }
  }

  /**
   * The two most probable experts, their probabilities divided by their sum; the second may be left
   * out by policy, either by capacity (GShard).
   *
   * @param capacity tokens per expert and group; all first choices are seated before any second one
   * @param second which second choices are kept
   */
  record GShardTop2(Capacity capacity, SecondChoice second) implements GatingSpec {
    public GShardTop2 {
      Objects.requireNonNull(capacity, "capacity");
      Objects.requireNonNull(second, "second");
    }

    @Override
    public boolean batchInvariant() {
      return !capacity.limits();
    }
  }

  /**
   * The two most probable experts under NLLB-MoE's rules of capacity and normalisation (those of
   * transformers 4).
   *
   * @param capacity tokens per expert and group
   * @param randomSeed empty: every second choice is kept ({@code second_expert_policy} "all");
   *     otherwise it is kept with twice its probability ("random"), drawn from this seed and the
   *     row's logits
   * @param normalizeBeforeDropping divide by the sum of both probabilities before capacity drops
   *     choices, not after
   * @param batchPrioritized seat tokens in descending order of their first choice's probability
   * @param scale factor on the weights: {@code 1 - moe_token_dropout}
   */
  record NllbTop2(
      Capacity capacity,
      Optional<Long> randomSeed,
      boolean normalizeBeforeDropping,
      boolean batchPrioritized,
      float scale)
      implements GatingSpec {
    public NllbTop2 {
      Objects.requireNonNull(capacity, "capacity");
      Objects.requireNonNull(randomSeed, "randomSeed");
      requireScale(scale);
    }

    @Override
    public boolean batchInvariant() {
      return !capacity.limits();
    }
  }

  /**
   * Experts choose tokens: each takes the {@code capacity} tokens of the group with its largest
   * scores (Zhou et al. 2022). Decoding needs a threshold per expert, the gate's {@link
   * GateSpec#table()}: an expert then takes a token whose score reaches it.
   *
   * @param capacity tokens that each expert takes of a group
   * @param scores what the softmax runs over
   * @param mostPerToken most experts that may take one token; empty for any number
   */
  record ExpertChoice(Capacity capacity, Scores scores, OptionalInt mostPerToken)
      implements GatingSpec {
    /** What an expert ranks tokens by. */
    public enum Scores {
      /** Softmax over the experts; the weight is that probability (the paper). */
      OVER_EXPERTS,
      /**
       * Softmax over the tokens of the group; the weight is that probability divided by the number
       * of experts that chose the token (Mesh TensorFlow).
       */
      OVER_TOKENS
    }

    public ExpertChoice {
      Objects.requireNonNull(capacity, "capacity");
      Objects.requireNonNull(scores, "scores");
      Objects.requireNonNull(mostPerToken, "mostPerToken");
      if (!capacity.limits()) {
        throw new IllegalArgumentException("expert choice needs a capacity");
      }
      if (mostPerToken.isPresent() && mostPerToken.getAsInt() < 1) {
        throw new IllegalArgumentException(
            "experts_per_token is " + mostPerToken.getAsInt() + ", must be at least 1");
      }
      if (mostPerToken.isPresent() && scores == Scores.OVER_TOKENS) {
        throw new IllegalArgumentException(
            "experts_per_token is "
                + mostPerToken.getAsInt()
                + ", which scores over tokens do not know; leave it out or score over experts");
      }
    }

    /** Expert choice whose tokens may be taken by any number of experts. */
    public ExpertChoice(Capacity capacity, Scores scores) {
      this(capacity, scores, OptionalInt.empty());
    }

    @Override
    public boolean batchInvariant() {
      return false;
    }
  }

  /**
   * A fixed table names the expert of each token id, with weight 1 (Hash Layers, Roller et al.
   * 2021). The table is the gate's {@link GateSpec#table()}, {@code vocabSize} indices.
   */
  record HashTable() implements GatingSpec {}

  /**
   * The expert with the largest logit, weighted by {@code σ} of it (BASE layers, Lewis et al. 2021,
   * at inference). The layer's output is {@code x + σ(s) · (F(x) - x)}, so that with a residual
   * connection around the block an expert computes {@code F(x) - x}: for one sub-layer its
   * feed-forward network of the normed row.
   */
  record BaseLayer() implements GatingSpec {}

  /**
   * Experts compute mixtures of all tokens of a group, and tokens receive mixtures of their results
   * (Soft MoE, Puigcerver et al. 2023). The projection has one row per slot, {@code [experts ·
   * slots, hiddenSize]}; the gate's {@link GateSpec#table()} is the scale, one value.
   *
   * @param slots per expert
   */
  record SoftMixture(int slots) implements GatingSpec {
    public SoftMixture {
      if (slots < 1) {
        throw new IllegalArgumentException("slots per expert is " + slots + ", must be at least 1");
      }
    }

    @Override
    public boolean batchInvariant() {
      return false;
    }
  }

  /**
   * FasterMoE's topology-aware gate (He et al. 2022): at most a fraction of a group's tokens may
   * use an expert of another node. It changes what the model computes, so that a checkpoint or an
   * operator must name it and its version.
   *
   * @param version of the rule; 1 is the one of the released code
   * @param expertsPerNode experts that share a node, consecutive
   * @param node the tokens' own node, from 0
   * @param outgoingFraction of the tokens whose best expert may be elsewhere
   */
  record TopologyTop2(int version, int expertsPerNode, int node, double outgoingFraction)
      implements GatingSpec {
    public TopologyTop2 {
      if (version != 1) {
        throw new IllegalArgumentException("topology gate version is " + version + ", must be 1");
      }
      if (expertsPerNode < 2 || node < 0) {
        throw new IllegalArgumentException(
            "topology gate has "
                + expertsPerNode
                + " experts per node and runs on node "
                + node
                + ", needs at least 2 experts and a node from 0");
      }
      if (!(outgoingFraction >= 0 && outgoingFraction <= 1)) {
        throw new IllegalArgumentException(
            "outgoing fraction is " + outgoingFraction + ", must be between 0 and 1");
      }
    }

    @Override
    public boolean batchInvariant() {
      return false;
    }
  }

  private static void requireK(int k) {
    if (k < 1) {
      throw new IllegalArgumentException("num_experts_per_tok is " + k + ", must be at least 1");
    }
  }

  private static void requireGroups(int groups, int kept) {
    if (groups < 1 || kept < 1 || kept > groups) {
      throw new IllegalArgumentException(
          "topk_group is " + kept + ", must be between 1 and n_group, which is " + groups);
    }
  }

  private static void requireScale(float scale) {
    if (!Float.isFinite(scale)) {
      throw new IllegalArgumentException("scale of weights is " + scale + ", must be finite");
    }
  }
}
