package io.expertmesh.router.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.model.core.Capacity;
import io.expertmesh.model.core.GatingSpec;
import io.expertmesh.model.core.GatingSpec.ExpertChoice.Scores;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.PackedMatrix;
import io.expertmesh.model.kernel.WeightMatrix;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.router.core.gating.Assignments;
import io.expertmesh.router.core.gating.GatingPolicy;
import io.expertmesh.router.core.gating.UndecidableException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GatesTest {
  private static final GatingSpec SWITCH = new GatingSpec.SwitchTop1(new Capacity.Fixed(1));
  private static final GatingSpec CHOICE =
      new GatingSpec.ExpertChoice(new Capacity.Fixed(1), Scores.OVER_EXPERTS);

  private final Assignments out = new Assignments();
  private final Sink sink = new Sink();

  /** A gate whose logits are the rows themselves. */
  private static Gate identity(GatingSpec spec, float... bias) {
    MemorySegment data = Arena.ofAuto().allocate(4L * Float.BYTES, Float.BYTES);
    data.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 1);
    data.setAtIndex(ValueLayout.JAVA_FLOAT, 3, 1);
    PackedMatrix weights =
        Fixtures.KERNELS.pack(
            new WeightMatrix(DType.F32, 2, 2, false, data), DType.F32, Arena.ofAuto());
    return new Gate(weights, bias, GatingPolicy.of(spec, 2, new float[0], Fixtures.KERNELS));
  }

  private static Gates gates(Grouped grouped, GatingSpec spec) {
    return new Gates(List.of(identity(spec)), grouped, Fixtures.KERNELS, Fixtures.POOL);
  }

  private RouteRequest request(int[] groups, int... lengths) {
    int rows = groups.length;
    float[] ones = new float[2 * rows];
    for (int row = 0; row < rows; row++) {
      ones[2 * row] = 1;
    }
    return new RouteRequest(
        1, 0, rows, ones, 0, new int[0], groups, lengths, false, 0, RouteRequest.NO_DEADLINE, sink);
  }

  private List<Integer> keptRows() {
    List<Integer> rows = new ArrayList<>();
    for (int pair = 0; pair < out.pairs(); pair++) {
      rows.add(out.row(pair));
    }
    return rows;
  }

  @Test
  void everyRequestIsAGroupOfItsOwn() {
    gates(Grouped.BY_REQUEST, SWITCH).assign(request(new int[] {4, 4, 9, 9, 9, 2}, 2, 3, 1), out);

    assertThat(keptRows()).containsExactly(0, 2, 5);
    assertThat(out.dropped().size()).isEqualTo(3);
  }

  @Test
  void pooledRequestsShareTheCapacityAndTheRemarkSaysSo() {
    Gates pooled = gates(Grouped.POOLED, SWITCH);

    pooled.assign(request(new int[] {4, 4, 9, 9, 9, 2}, 2, 3, 1), out);

    assertThat(keptRows()).containsExactly(0);
    assertThat(pooled.remark()).contains("results depend on which requests run together");
    assertThat(gates(Grouped.BY_REQUEST, SWITCH).remark()).contains("prompt together");
    assertThat(gates(Grouped.POOLED, GatingSpec.SoftmaxTopK.renormalized(1)).remark()).isEmpty();
  }

  @Test
  void rowsThatAreDecodedAreGroupsOfTheirOwn() {
    gates(Grouped.BY_REQUEST, SWITCH)
        .assign(request(new int[] {1, 2, 3}, RouteRequest.DECODING, RouteRequest.DECODING, 1), out);

    assertThat(keptRows()).containsExactly(0, 1, 2);
  }

  @Test
  void rowsAfterAPromptWereGeneratedAndAreGroupsOfTheirOwn() {
    gates(Grouped.BY_REQUEST, SWITCH)
        .assign(request(new int[] {1, 1, 1, 1, 2, 2}, 2, RouteRequest.DECODING), out);

    // of the prompt only the first row finds room; what follows has room of its own
    assertThat(keptRows()).containsExactly(0, 2, 3, 4, 5);
  }

  @Test
  void partsOfAPromptAreRefused() {
    Gates gates = gates(Grouped.BY_REQUEST, SWITCH);

    assertUndecidable(gates, request(new int[] {1, 1}, 5), "5 rows and only 2 of them");
    assertUndecidable(gates, request(new int[] {1, 1}, -1), "4294967295 rows and only 2 of them");
    assertUndecidable(gates, request(new int[] {1, 1}), "group_lengths has only 0 values");
    assertUndecidable(gates, request(new int[] {1, 2, 1}, 1, 1, 1), "groups names 1 twice");
    assertThatThrownBy(
            () ->
                gates.assign(
                    new RouteRequest(1, 0, 2, new float[4], 0, new int[0], new int[0], 0, 0, sink),
                    out))
        .isInstanceOf(UndecidableException.class)
        .hasMessageContaining("groups has 0 values for 2 rows");
  }

  private void assertUndecidable(Gates gates, RouteRequest request, String sentence) {
    assertThatThrownBy(() -> gates.assign(request, out))
        .isInstanceOf(UndecidableException.class)
        .hasMessageContaining(sentence);
  }

  @Test
  void aPolicyOfSingleRowsNeedsNoGroups() {
    gates(Grouped.BY_REQUEST, GatingSpec.SoftmaxTopK.renormalized(1))
        .assign(request(new int[] {1, 2, 1}), out);

    assertThat(keptRows()).containsExactly(0, 1, 2);
  }

  @Test
  void theBiasOfTheProjectionIsAdded() {
    new Gates(
            List.of(identity(new GatingSpec.TopKSoftmax(1), 0, 3)), Fixtures.KERNELS, Fixtures.POOL)
        .assign(request(new int[] {1, 2}), out);

    assertThat(out.expert(0)).isEqualTo(1);
    assertThat(out.expert(1)).isEqualTo(1);
  }

  @Test
  void aCallThatCannotBeDecidedFailsAloneAndLeavesNothingBehind() {
    RoutedModel model = Fixtures.model(2, 2);
    Registry registry = new Registry(model);
    Dispatcher dispatcher =
        new Dispatcher(
            registry,
            gates(Grouped.BY_REQUEST, CHOICE),
            new ReplicaChoice(new Random(1)),
            Fixtures.KERNELS,
            new NoLink(),
            DispatchLimits.standard(),
            () -> 0);

    dispatcher.route(request(new int[] {1}, RouteRequest.DECODING));

    assertThat(sink.failures).hasSize(1);
    assertThat(sink.failures.getFirst())
        .startsWith(ErrorCode.INVALID_ARGUMENT.name())
        .contains("expert choice cannot decode");
    assertThat(dispatcher.callsInFlight()).isZero();
    assertThat(dispatcher.rowsInFlight()).isZero();
  }

  @Test
  void aRowThatNoExpertTakesIsZeroAndNotAnError() {
    RoutedModel model = Fixtures.model(2, 2);
    Dispatcher dispatcher =
        new Dispatcher(
            new Registry(model),
            gates(Grouped.BY_REQUEST, new GatingSpec.SwitchTop1(new Capacity.Fixed(0))),
            new ReplicaChoice(new Random(1)),
            Fixtures.KERNELS,
            new NoLink(),
            DispatchLimits.standard(),
            () -> 0);

    dispatcher.route(request(new int[] {1, 1}, 2));

    assertThat(sink.failures).isEmpty();
    assertThat(sink.rows).containsExactly(0f, 0f, 0f, 0f);
    assertThat(sink.dropped).isEqualTo(2);
  }

  private static final class Sink implements RouteSink {
    final List<String> failures = new ArrayList<>();
    float[] rows = {};
    int dropped;

    @Override
    public void complete(RouteRequest request, RouteResult result) {
      rows = java.util.Arrays.copyOf(result.rows(), request.rowCount() * 2);
      dropped = result.assignments().dropped().size();
    }

    @Override
    public void fail(RouteRequest request, ErrorCode code, String message) {
      failures.add(code + " " + message);
    }
  }

  private static final class NoLink implements ExpertLink {
    @Override
    public void send(ExpertCall call) {
      throw new AssertionError("nothing to send");
    }

    @Override
    public void release(float[] rows) {}

    @Override
    public void ejected(Replica replica, String reason) {
      throw new AssertionError("nobody to eject");
    }
  }
}
