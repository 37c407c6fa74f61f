package io.expertmesh.model.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The key {@value #KEY} of a config: an assignment rule in the place of the family's own, for
 * checkpoints that were trained with it. It holds for every routed layer; names and weights of
 * experts stay those of the family, and so does the gate's matrix.
 *
 * <p>Numbers that a rule reads besides the logits are tensors beside the gate's: {@code
 * gate.expert_thresholds} for an expert choice that decodes, {@code gate.token_experts} for a hash
 * table.
 */
final class DeclaredGating {
  static final String KEY = "expertmesh_gating";

  private final ModelConfig model;
  private final ModelConfig declared;

  private DeclaredGating(ModelConfig model, ModelConfig declared) {
    this.model = model;
    this.declared = declared;
  }

  /** What a config declares, if it does. */
  static Optional<DeclaredGating> read(ModelConfig model) {
    return model.object(KEY).map(declared -> new DeclaredGating(model, declared));
  }

  /**
   * The model with this rule in every routed layer.
   *
   * @throws CheckpointException if the rule contradicts the model
   */
  ModelSpec in(ModelSpec spec, TensorCatalog tensors) {
    if (spec.routedLayers().isEmpty()) {
      throw model.refuse(KEY + " is given, but no layer has experts");
    }
    List<LayerSpec> layers = new ArrayList<>();
    for (LayerSpec layer : spec.layers()) {
      layers.add(
          layer.channelMixer() instanceof RoutedFfn routed
              ? layer.withChannelMixer(routed.withGate(gate(routed, spec, tensors)))
              : layer);
    }
    return spec.withLayers(layers);
  }

  private GateSpec gate(RoutedFfn routed, ModelSpec spec, TensorCatalog tensors) {
    GateSpec own = routed.gate();
    if (own.table().isPresent()) {
      throw model.refuse(
          KEY
              + " is given, but the gate has "
              + own.table().get().tensor()
              + ", which only the family's own rule reads");
    }
    int experts = routed.experts().size();
    GatingSpec rule = rule(own.policy().mostChoices(experts), experts);
    String matrix = own.projection().orElseThrow().weight().tensor();
    String gate = matrix.substring(0, matrix.lastIndexOf('.') + 1);
    return switch (rule) {
      case GatingSpec.ExpertChoice choice -> {
        String name = gate + "expert_thresholds";
        boolean decodes = tensors.has(name);
        if (decodes && choice.scores() == GatingSpec.ExpertChoice.Scores.OVER_TOKENS) {
          throw model.refuse(
              KEY + ".scores is \"over_tokens\", for which " + name + " has no meaning");
        }
        yield new GateSpec(
            rule,
            own.projection(),
            decodes ? Optional.of(tensors.vector(name, experts)) : Optional.empty());
      }
      case GatingSpec.HashTable _ ->
          new GateSpec(
              rule,
              Optional.empty(),
              Optional.of(tensors.vector(gate + "token_experts", spec.vocabSize())));
      case GatingSpec.SoftmaxTopK _,
          GatingSpec.GroupLimitedTopK _,
          GatingSpec.SigmoidTopK _,
          GatingSpec.SparseMixer _,
          GatingSpec.TopKSoftmax _,
          GatingSpec.MegaBlocksTopK _,
          GatingSpec.SwitchTop1 _,
          GatingSpec.GShardTop2 _,
          GatingSpec.NllbTop2 _,
          GatingSpec.BaseLayer _,
          GatingSpec.SoftMixture _,
          GatingSpec.TopologyTop2 _ ->
          new GateSpec(rule, own.projection(), Optional.empty());
    };
  }

  /** The rule, which must take as many experts as the config names and the layer has. */
  private GatingSpec rule(int named, int experts) {
    GatingSpec rule;
    try {
      rule = GatingRules.read(declared, named);
    } catch (IllegalArgumentException e) {
      throw model.refuse(KEY + ": " + e.getMessage());
    }
    boolean chosen = rule instanceof GatingSpec.ExpertChoice;
    int taken = rule.mostChoices(experts);
    if (!chosen && taken != named) {
      throw model.refuse(
          model.spelled("num_experts_per_tok", "experts_per_token")
              + " is "
              + named
              + ", but the rule that "
              + KEY
              + " names takes "
              + taken);
    }
    if (rule instanceof GatingSpec.TopologyTop2 topology
        && (topology.node() + 1L) * topology.expertsPerNode() > experts) {
      throw declared.refuse(
          "node is "
              + topology.node()
              + " of "
              + topology.expertsPerNode()
              + " experts each, a layer has only "
              + experts);
    }
    return rule;
  }
}
