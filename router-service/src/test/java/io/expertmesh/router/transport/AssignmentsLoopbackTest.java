package io.expertmesh.router.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.expertmesh.protocol.core.placement.LoadBalance;
import io.expertmesh.protocol.v1.AssignReply;
import io.expertmesh.protocol.v1.AssignRequest;
import io.expertmesh.protocol.v1.BaseLayer;
import io.expertmesh.protocol.v1.Capacity;
import io.expertmesh.protocol.v1.ExpertChoice;
import io.expertmesh.protocol.v1.GShardTop2;
import io.expertmesh.protocol.v1.GatingRule;
import io.expertmesh.protocol.v1.GroupLimitedTopK;
import io.expertmesh.protocol.v1.HashTable;
import io.expertmesh.protocol.v1.LoadsRequest;
import io.expertmesh.protocol.v1.MegaBlocksTopK;
import io.expertmesh.protocol.v1.NllbTop2;
import io.expertmesh.protocol.v1.NoisyTopK;
import io.expertmesh.protocol.v1.RandomSecond;
import io.expertmesh.protocol.v1.SigmoidTopK;
import io.expertmesh.protocol.v1.SoftMixture;
import io.expertmesh.protocol.v1.SoftmaxTopK;
import io.expertmesh.protocol.v1.SparseMixer;
import io.expertmesh.protocol.v1.SwitchTop1;
import io.expertmesh.protocol.v1.TopKSoftmax;
import io.expertmesh.protocol.v1.TopologyTop2;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AssignmentsLoopbackTest {
  private static final int WIDTH = 16;
  private static final int EXPERTS = 6;
  private static final List<Float> EIGHT = List.of(1f, .5f, -.25f, 2f, .75f, -1f, .25f, 1.5f);
  private static final Capacity ONE = Capacity.newBuilder().setFixed(1).build();

  private RouterFixture router;

  @BeforeEach
  void start() throws Exception {
    router = new RouterFixture(WIDTH, EXPERTS);
  }

  @AfterEach
  void stop() {
    router.close();
  }

  private AssignReply ask(GatingRule.Builder rule, int rows, int experts, List<Float> logits) {
    return router
        .assignments()
        .assign(
            AssignRequest.newBuilder()
                .setPolicy(rule)
                .setRowCount(rows)
                .setExperts(experts)
                .addAllLogits(logits)
                .build());
  }

  private static GatingRule.Builder rule() {
    return GatingRule.newBuilder();
  }

  @Test
  void theServedModelsGateTellsWhatItWouldDispatch() {
    float[] rows = router.randomRows(5);
    AssignRequest.Builder request = AssignRequest.newBuilder().setRowCount(5);
    for (float value : rows) {
      request.addRows(value);
    }

    AssignReply reply = router.assignments().assign(request.build());

    // each expert of the fixture multiplies by its index + 1, so that sums of weights tell
    float[] combined = router.direct(rows);
    int pair = 0;
    for (int row = 0; row < 5; row++) {
      assertThat(reply.getCounts(row)).isEqualTo(2);
      float sum = 0;
      for (int i = 0; i < 2; i++, pair++) {
        sum += reply.getWeights(pair) * (reply.getExperts(pair) + 1);
      }
      assertThat(combined[row * WIDTH]).isCloseTo(sum * rows[row * WIDTH], within(1e-4f));
    }
    assertThat(reply.getBatchInvariant()).isTrue();
    assertThat(reply.getLoadList().stream().mapToDouble(d -> d).sum()).isEqualTo(10);
    assertThat(reply.getImportanceList().stream().mapToDouble(d -> d).sum())
        .isCloseTo(5, within(1e-5));
    assertThat(reply.getLoadVariation().getPopulation())
        .isCloseTo(
            LoadBalance.squaredVariation(
                reply.getLoadList().stream().mapToDouble(d -> d).toArray()),
            within(1e-12));
    assertThat(reply.getImportanceVariation().getUnbiased())
        .isGreaterThan(reply.getImportanceVariation().getPopulation());
    assertThat(reply.getAuxiliaryLoss()).isPositive();
    assertThat(reply.getZLoss()).isPositive();
  }

  @Test
  void anyRuleCanBeAskedByName() {
    List<GatingRule.Builder> rules = new ArrayList<>();
    rules.add(
        rule().setSoftmaxTopK(SoftmaxTopK.newBuilder().setK(2).setNormalized(true).setScale(1)));
    rules.add(
        rule()
            .setGroupLimitedTopK(
                GroupLimitedTopK.newBuilder().setK(2).setGroups(4).setKeptGroups(2).setScale(1)));
    rules.add(
        rule()
            .setSigmoidTopK(
                SigmoidTopK.newBuilder().setK(2).setGroups(4).setKeptGroups(4).setScale(1)));
    rules.add(rule().setSparseMixer(SparseMixer.newBuilder().setJitter(.01f)));
    rules.add(rule().setTopKSoftmax(TopKSoftmax.newBuilder().setK(2)));
    rules.add(rule().setNoisyTopK(NoisyTopK.newBuilder().setK(2)));
    rules.add(rule().setMegaBlocksTopK(MegaBlocksTopK.newBuilder().setK(2).setNorm(1)));
    rules.add(rule().setSwitchTop1(SwitchTop1.newBuilder().setCapacity(ONE)));
    rules.add(
        rule()
            .setGshardTop2(
                GShardTop2.newBuilder().setRandom(RandomSecond.newBuilder().setThreshold(0))));
    rules.add(rule().setNllbTop2(NllbTop2.newBuilder().setScale(1)));
    rules.add(rule().setExpertChoice(ExpertChoice.newBuilder().setCapacity(ONE)));
    rules.add(
        rule().setExpertChoice(ExpertChoice.newBuilder().setCapacity(ONE).setMostPerToken(2)));
    rules.add(rule().setBaseLayer(BaseLayer.getDefaultInstance()));
    rules.add(
        rule()
            .setTopologyTop2(
                TopologyTop2.newBuilder()
                    .setVersion(1)
                    .setExpertsPerNode(4)
                    .setOutgoingFraction(1)));

    for (GatingRule.Builder rule : rules) {
      AssignReply reply = ask(rule, 1, 8, EIGHT);

      assertThat(reply.getExpertsList()).as("%s", rule.build()).contains(3);
      assertThat(reply.getCountsList()).containsExactly(reply.getExpertsCount());
    }
  }

  @Test
  void aHashTableReadsTokenIds() {
    AssignReply reply =
        router
            .assignments()
            .assign(
                AssignRequest.newBuilder()
                    .setPolicy(rule().setHashTable(HashTable.getDefaultInstance()))
                    .setRowCount(2)
                    .setExperts(4)
                    .addAllTable(List.of(3f, 0f, 1f))
                    .addAllTokenIds(List.of(2, 0))
                    .build());

    assertThat(reply.getExpertsList()).containsExactly(1, 3);
  }

  @Test
  void groupsAreSeparateAndDropsAreTold() {
    AssignRequest.Builder request =
        AssignRequest.newBuilder()
            .setPolicy(rule().setSwitchTop1(SwitchTop1.newBuilder().setCapacity(ONE)))
            .setRowCount(3)
            .setExperts(2)
            .addAllLogits(List.of(1f, 0f, 1f, 0f, 1f, 0f));

    AssignReply together = router.assignments().assign(request.build());
    AssignReply apart =
        router.assignments().assign(request.addGroupLengths(1).addGroupLengths(2).build());

    assertThat(together.getCountsList()).containsExactly(1, 0, 0);
    assertThat(together.getDroppedRowsList()).containsExactly(1, 2);
    assertThat(together.getDroppedExpertsList()).containsExactly(0, 0);
    assertThat(together.getDroppedWeightsList())
        .hasSize(2)
        .allSatisfy(weight -> assertThat(weight).isCloseTo(.7310586f, within(1e-6f)));
    assertThat(together.getBatchInvariant()).isFalse();
    assertThat(apart.getCountsList()).containsExactly(1, 1, 0);
  }

  @Test
  void noiseAndMixturesAreComputedToo() {
    AssignReply noisy =
        router
            .assignments()
            .assign(
                AssignRequest.newBuilder()
                    .setPolicy(rule().setNoisyTopK(NoisyTopK.newBuilder().setK(2)))
                    .setRowCount(1)
                    .setExperts(4)
                    .addAllLogits(List.of(1f, .5f, -.25f, 2f))
                    .addAllNoiseLogits(List.of(0f, -1f, 1f, .5f))
                    .addAllNormals(List.of(.3f, 1.2f, -.4f, -.9f))
                    .build());
    AssignReply mixed =
        ask(
            rule().setSoftMixture(SoftMixture.newBuilder().setSlots(2)),
            2,
            1,
            List.of(0f, 0f, 0f, 0f));

    assertThat(noisy.getExpertsList()).containsExactly(0, 3);
    assertThat(noisy.getWeights(0)).isCloseTo(0.5241346f, within(1e-6f));
    assertThat(noisy.getLoad(3)).isCloseTo(.8707788, within(1e-6));
    assertThat(mixed.getDispatchList()).containsExactly(.5f, .5f, .5f, .5f);
    assertThat(mixed.getCombineList()).containsExactly(.5f, .5f, .5f, .5f);
  }

  @Test
  void wrongRequestsAreRefusedWithASentence() {
    assertThatThrownBy(() -> ask(rule(), 1, 8, EIGHT)).hasMessageContaining("policy has no rule");
    assertThatThrownBy(
            () -> ask(rule().setTopKSoftmax(TopKSoftmax.newBuilder().setK(9)), 1, 8, EIGHT))
        .hasMessageContaining("num_experts_per_tok is 9");
    assertThatThrownBy(
            () -> ask(rule().setTopKSoftmax(TopKSoftmax.newBuilder().setK(2)), 2, 8, EIGHT))
        .hasMessageContaining("logits has 8 values, must have 16 for 2 rows");
    assertThatThrownBy(
            () -> ask(rule().setTopKSoftmax(TopKSoftmax.newBuilder().setK(2)), 1, -1, EIGHT))
        .hasMessageContaining("experts is 4294967295, must be between 1 and 4096");
    assertThatThrownBy(
            () -> router.assignments().assign(AssignRequest.newBuilder().setLayer(7).build()))
        .hasMessageContaining("layer is 7, which is not a routed layer of the model");
    assertThatThrownBy(
            () ->
                router
                    .assignments()
                    .assign(
                        AssignRequest.newBuilder()
                            .setPolicy(
                                rule().setExpertChoice(ExpertChoice.newBuilder().setCapacity(ONE)))
                            .setRowCount(1)
                            .setExperts(8)
                            .addAllLogits(EIGHT)
                            .setDecoding(true)
                            .build()))
        .hasMessageContaining("expert choice cannot decode");
  }

  @Test
  void loadsAreToldByLayerAndExpert() {
    var reply = router.assignments().loads(LoadsRequest.getDefaultInstance());

    assertThat(reply.getLayersCount()).isEqualTo(1);
    assertThat(reply.getLayers(0).getTokensCount()).isEqualTo(EXPERTS);
  }
}
