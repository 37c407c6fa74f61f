package io.expertmesh.router.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.model.kernel.DType;
import java.util.BitSet;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RegistryTest {
  private final RoutedModel model = Fixtures.model(8, 4, 0, 4);
  private final Registry registry = new Registry(model);

  @Test
  void theModelIsCoveredOnlyWhileEveryExpertHasALiveReplica() {
    Replica low = join(Fixtures.offer(model, "a", "low", 0, 2));
    Replica high = join(Fixtures.offer(model, "b", "high", 2, 4));
    assertThat(registry.ready()).isFalse();
    assertThat(registry.missing()).isEqualTo("8 of 8 experts, first layer 0 expert 0");

    registry.move(low, ReplicaState.LIVE);
    assertThat(registry.missing()).isEqualTo("4 of 8 experts, first layer 0 expert 2");
    registry.move(high, ReplicaState.LIVE);
    assertThat(registry.ready()).isTrue();
    assertThat(registry.missing()).isEmpty();

    registry.move(high, ReplicaState.DRAINING);
    assertThat(registry.ready()).isFalse();
    assertThat(registry.replicas()).containsExactly(low, high);
    registry.move(high, ReplicaState.LOST);
    assertThat(registry.replicas()).containsExactly(low);
  }

  @Test
  void aReplicaThatJoinsAgainReplacesItsOldLease() {
    Replica old = join(Fixtures.offer(model, "a", "all", 0, 4));
    registry.move(old, ReplicaState.LIVE);

    JoinResult again = registry.join(Fixtures.offer(model, "a", "all", 0, 4));

    assertThat(again)
        .isInstanceOfSatisfying(
            JoinResult.Accepted.class, a -> assertThat(a.replaced()).contains(old));
    registry.move(old, ReplicaState.LOST);
    assertThat(registry.replicas()).hasSize(1).doesNotContain(old);
  }

  @Test
  void theFirstReplicaDecidesTheNumericsClassForGood() {
    Replica first = join(Fixtures.offer(model, "a", "all", 0, 4));
    registry.move(first, ReplicaState.LOST);

    assertThat(rejection(with(Fixtures.offer(model, "b", "all", 0, 4), "onednn/amx/bf16")))
        .isEqualTo(
            "numerics_class is 'onednn/amx/bf16', the replicas of this router have"
                + " 'fma1/any/f32'");
    assertThat(registry.numericsClass()).isEqualTo(Fixtures.CLASS);
  }

  @Test
  void everyContradictionToTheModelIsNamed() {
    ReplicaOffer good = Fixtures.offer(model, "a", "all", 0, 4);
    assertThat(rejection(change(good, "other", 0x1234, 8, DType.F32)))
        .isEqualTo("model_id is 'other', this router serves 'm'");
    assertThat(rejection(change(good, "m", 0x99, 8, DType.F32)))
        .isEqualTo(
            "weights_version is 0000000000000099, this router serves 0000000000001234 of model"
                + " 'm'");
    assertThat(rejection(change(good, "m", 0x1234, 9, DType.F32)))
        .isEqualTo("width is 9, the model's rows have 8 values");
    assertThat(rejection(change(good, "m", 0x1234, 8, DType.BF16)))
        .isEqualTo("dtype is BF16, this router exchanges rows as F32");
    assertThat(rejection(with(good, ""))).isEqualTo("numerics_class is empty");
    assertThat(rejection(experts(good, 1, 0)))
        .isEqualTo("experts names layer 1, which is not a routed layer of the model");
    assertThat(rejection(experts(good, 3, 0)))
        .isEqualTo("experts names layer 3, which is not a routed layer of the model");
    assertThat(rejection(experts(good, 0, 4)))
        .isEqualTo("experts names expert 4 of layer 0, which has experts 0 to 3");
    assertThat(rejection(Fixtures.offer(model, "a", "none", 0, 0))).isEqualTo("experts is empty");
    assertThat(rejection(Fixtures.offer(model, "", "all", 0, 4))).isEqualTo("replica_id is empty");
    assertThat(registry.replicas()).isEmpty();
  }

  private Replica join(ReplicaOffer offer) {
    return ((JoinResult.Accepted) registry.join(offer)).replica();
  }

  private String rejection(ReplicaOffer offer) {
    return ((JoinResult.Rejected) registry.join(offer)).reason();
  }

  private static ReplicaOffer with(ReplicaOffer o, String numericsClass) {
    return new ReplicaOffer(
        o.replicaId(),
        o.shard(),
        o.address(),
        o.modelId(),
        o.weightsVersion(),
        numericsClass,
        o.width(),
        o.dtype(),
        o.experts());
  }

  private static ReplicaOffer change(
      ReplicaOffer o, String modelId, long version, int width, DType dtype) {
    return new ReplicaOffer(
        o.replicaId(),
        o.shard(),
        o.address(),
        modelId,
        version,
        o.numericsClass(),
        width,
        dtype,
        o.experts());
  }

  private static ReplicaOffer experts(ReplicaOffer o, int layer, int expert) {
    TreeMap<Integer, BitSet> experts = new TreeMap<>();
    BitSet set = new BitSet();
    set.set(expert);
    experts.put(layer, set);
    return new ReplicaOffer(
        o.replicaId(),
        o.shard(),
        o.address(),
        o.modelId(),
        o.weightsVersion(),
        o.numericsClass(),
        o.width(),
        o.dtype(),
        experts);
  }
}
