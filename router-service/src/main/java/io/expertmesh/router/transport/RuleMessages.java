package io.expertmesh.router.transport;

import io.expertmesh.model.core.Capacity;
import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.core.GatingSpec.ExpertChoice.Scores;
import io.expertmesh.model.core.SecondChoice;
import io.expertmesh.protocol.v1.GShardTop2;
import io.expertmesh.protocol.v1.GatingRule;
import io.expertmesh.protocol.v1.NllbTop2;
import java.math.RoundingMode;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** Gating rules as messages name them. */
final class RuleMessages {
  private RuleMessages() {}

  /**
   * The rule of a message.
   *
   * @throws IllegalArgumentException if none is set, or one of its numbers is out of range
   */
  static GatingSpec toSpec(GatingRule rule) {
    return switch (rule.getRuleCase()) {
      case SOFTMAX_TOP_K -> {
        var m = rule.getSoftmaxTopK();
        yield new GatingSpec.SoftmaxTopK(m.getK(), m.getNormalized(), m.getScale());
      }
      case GROUP_LIMITED_TOP_K -> {
        var m = rule.getGroupLimitedTopK();
        yield new GatingSpec.GroupLimitedTopK(
            m.getK(), m.getGroups(), m.getKeptGroups(), m.getNormalized(), m.getScale());
      }
      case SIGMOID_TOP_K -> {
        var m = rule.getSigmoidTopK();
        yield new GatingSpec.SigmoidTopK(
            m.getK(), m.getGroups(), m.getKeptGroups(), m.getNormalized(), m.getScale());
      }
      case SPARSE_MIXER -> new GatingSpec.SparseMixer(rule.getSparseMixer().getJitter());
      case TOP_K_SOFTMAX -> new GatingSpec.TopKSoftmax(rule.getTopKSoftmax().getK());
      case NOISY_TOP_K -> new GatingSpec.TopKSoftmax(rule.getNoisyTopK().getK());
      case MEGA_BLOCKS_TOP_K -> {
        var m = rule.getMegaBlocksTopK();
        yield new GatingSpec.MegaBlocksTopK(
            m.getK(),
            m.getNorm() == 0 ? OptionalDouble.empty() : OptionalDouble.of(m.getNorm()),
            capacity(m.getCapacity()));
      }
      case SWITCH_TOP_1 -> new GatingSpec.SwitchTop1(capacity(rule.getSwitchTop1().getCapacity()));
      case GSHARD_TOP_2 -> {
        GShardTop2 m = rule.getGshardTop2();
        yield new GatingSpec.GShardTop2(capacity(m.getCapacity()), second(m));
      }
      case NLLB_TOP_2 -> {
        NllbTop2 m = rule.getNllbTop2();
        yield new GatingSpec.NllbTop2(
            capacity(m.getCapacity()),
            m.hasRandomSeed() ? Optional.of(m.getRandomSeed()) : Optional.empty(),
            m.getNormalizeBeforeDropping(),
            m.getBatchPrioritized(),
            m.getScale());
      }
      case EXPERT_CHOICE -> {
        var m = rule.getExpertChoice();
        yield new GatingSpec.ExpertChoice(
            capacity(m.getCapacity()),
            m.getScoresOverTokens() ? Scores.OVER_TOKENS : Scores.OVER_EXPERTS,
            m.getMostPerToken() == 0 ? OptionalInt.empty() : OptionalInt.of(m.getMostPerToken()));
      }
      case HASH_TABLE -> new GatingSpec.HashTable();
      case BASE_LAYER -> new GatingSpec.BaseLayer();
      case SOFT_MIXTURE -> new GatingSpec.SoftMixture(rule.getSoftMixture().getSlots());
      case TOPOLOGY_TOP_2 -> {
        var m = rule.getTopologyTop2();
        yield new GatingSpec.TopologyTop2(
            m.getVersion(), m.getExpertsPerNode(), m.getNode(), m.getOutgoingFraction());
      }
      case RULE_NOT_SET -> throw new IllegalArgumentException("policy has no rule");
    };
  }

  private static Capacity capacity(io.expertmesh.protocol.v1.Capacity m) {
    return switch (m.getKindCase()) {
      case FIXED -> new Capacity.Fixed(m.getFixed());
      case FRACTION -> new Capacity.Fraction(m.getFraction());
      case FACTOR ->
          new Capacity.PerExpert(
              m.getFactor(),
              switch (m.getRounding()) {
                case DOWN -> RoundingMode.DOWN;
                case HALF_EVEN -> RoundingMode.HALF_EVEN;
                case UP -> RoundingMode.UP;
                case UNRECOGNIZED ->
                    throw new IllegalArgumentException("rounding of the capacity is unknown");
              },
              m.getMinimum());
      case KIND_NOT_SET -> new Capacity.Unlimited();
    };
  }

  private static SecondChoice second(GShardTop2 m) {
    return switch (m.getSecondCase()) {
      case NONE -> new SecondChoice.None();
      case THRESHOLD -> new SecondChoice.Threshold(m.getThreshold());
      case RANDOM ->
          new SecondChoice.Random(
              m.getRandom().getThreshold(),
              m.getRandom().getSeed(),
              m.getRandom().getRejectedTakeSlots());
      case SECOND_NOT_SET -> new SecondChoice.All();
    };
  }
}
