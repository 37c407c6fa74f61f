package io.expertmesh.router.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.router.core.gating.Assignments;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DispatcherTest {
  private static final int WIDTH = 8;
  private static final int EXPERTS = 4;

  private final RoutedModel model = Fixtures.model(WIDTH, EXPERTS, EXPERTS);
  private final Registry registry = new Registry(model);
  private final Gates gates = Fixtures.gates(model, 2, new Random(11));
  private final List<ExpertCall> sent = new ArrayList<>();
  private final List<String> ejected = new ArrayList<>();
  private final RecordingSink sink = new RecordingSink(WIDTH);
  private long now = 1_000;
  private Dispatcher dispatcher = dispatcher(DispatchLimits.standard());

  private Dispatcher dispatcher(DispatchLimits limits) {
    ExpertLink link =
        new ExpertLink() {
          @Override
          public void send(ExpertCall call) {
            sent.add(call);
          }

          @Override
          public void release(float[] rows) {}

          @Override
          public void ejected(Replica replica, String reason) {
            ejected.add(replica.id() + " " + reason);
          }
        };
    return new Dispatcher(
        registry,
        gates,
        new ReplicaChoice(new Random(3)),
        Fixtures.KERNELS,
        link,
        limits,
        () -> now);
  }

  @Test
  void oneMessageGoesToEachReplicaAndTheResultIsTheDirectOne() {
    replica("a", 0, 2);
    replica("b", 2, 4);
    RouteRequest request = request(1, 12);

    dispatcher.route(request);

    assertThat(sent).hasSize(2);
    assertThat(sent).extracting(m -> m.replica().id()).containsExactlyInAnyOrder("a", "b");
    assertThat(sent.stream().mapToInt(ExpertCall::pairCount).sum()).isEqualTo(24);
    answer(sent.get(1));
    assertThat(sink.completed).isEmpty();
    answer(sent.get(0));
    assertThat(sink.completed).hasSize(1);
    assertThat(sink.completed.getFirst().rows()).isEqualTo(direct(request));
    assertThat(dispatcher.messagesInFlight()).isZero();
    assertThat(dispatcher.rowsInFlight()).isZero();
  }

  @Test
  void anOverlappingReplicaTakesEverythingItHosts() {
    replica("all", 0, 4);

    dispatcher.route(request(1, 5));

    assertThat(sent).hasSize(1);
    assertThat(sent.getFirst().rowCount()).isEqualTo(5);
    assertThat(sent.getFirst().pairCount()).isEqualTo(10);
  }

  @Test
  void messagesAreSplitWhereTheAnswerWouldBeTooLarge() {
    dispatcher = dispatcher(new DispatchLimits(7 * WIDTH * Float.BYTES, 1000));
    replica("a", 0, 4);
    replica("b", 0, 4);
    RouteRequest request = request(0, 20);

    dispatcher.route(request);

    assertThat(sent).hasSize(6).allMatch(m -> m.pairCount() <= 7);
    // the choice of two spreads the parts
    assertThat(sent.stream().filter(m -> m.replica().id().equals("a")).count()).isBetween(2L, 4L);
    List.copyOf(sent).forEach(this::answer);
    assertThat(sink.completed.getFirst().rows()).isEqualTo(direct(request));
  }

  @Test
  void manyRowsForOneExpertAreSharedAmongItsReplicas() {
    dispatcher = dispatcher(DispatchLimits.standard().spreading(2));
    replica("a", 0, 4);
    replica("b", 0, 4);
    replica("c", 0, 4);
    RouteRequest request = request(0, 40);

    dispatcher.route(request);

    assertThat(sent).hasSize(3);
    assertThat(sent.stream().mapToInt(ExpertCall::pairCount).sum()).isEqualTo(80);
    // each expert's rows are shared evenly, and what is left goes where there is least
    assertThat(sent).allMatch(m -> Math.abs(m.pairCount() - 80 / 3.0) <= 2);
    List.copyOf(sent).forEach(this::answer);
    assertThat(sink.completed.getFirst().rows()).isEqualTo(direct(request));
  }

  @Test
  void fewRowsForOneExpertStayTogether() {
    replica("a", 0, 4);
    replica("b", 0, 4);
    RouteRequest request = request(0, 12);

    dispatcher.route(request);

    assertThat(sent).hasSize(1);
  }

  @Test
  void rowsOfALostReplicaGoToAnother() {
    Replica a = replica("a", 0, 4);
    RouteRequest request = request(1, 6);
    dispatcher.route(request);
    ExpertCall first = sent.removeFirst();
    long lateId = first.id();
    replica("b", 0, 4);

    dispatcher.replicaLost(a);

    assertThat(sent).hasSize(1);
    assertThat(sent.getFirst().replica().id()).isEqualTo("b");
    dispatcher.reply(a, lateId, ExpertReply.ok(0, 0, 0, new float[0], 0, 0));
    assertThat(dispatcher.counters().lateReplies()).isEqualTo(1);
    answer(sent.getFirst());
    assertThat(sink.completed.getFirst().rows()).isEqualTo(direct(request));
    assertThat(dispatcher.counters().retries()).isEqualTo(12);
  }

  @Test
  void onlyTheRowsThatNeedAMissingExpertAreUnavailable() {
    replica("a", 0, 3);
    RouteRequest request = request(1, 40);
    Assignments assignments = assignments(request);
    BitSet expected = new BitSet();
    for (int pair = 0; pair < assignments.pairs(); pair++) {
      if (assignments.expert(pair) == 3) {
        expected.set(assignments.row(pair));
      }
    }
    assertThat(expected.cardinality()).isBetween(1, 39);

    dispatcher.route(request);
    sent.forEach(this::answer);

    RecordingSink.Outcome outcome = sink.completed.getFirst();
    assertThat(outcome.unavailable()).isEqualTo(expected);
    assertThat(outcome.detail()).isEqualTo("layer 1 expert 3");
    float[] direct = direct(request);
    for (int row = 0; row < 40; row++) {
      for (int i = 0; i < WIDTH; i++) {
        assertThat(outcome.rows()[row * WIDTH + i])
            .isEqualTo(expected.get(row) ? 0 : direct[row * WIDTH + i]);
      }
    }
  }

  @Test
  void aFullReplicaIsNotAskedTwice() {
    replica("a", 0, 4);
    replica("b", 0, 4);
    dispatcher.route(request(0, 3));
    refuse(sent.get(0), ExpertReply.Status.OVERLOADED);
    refuse(sent.get(1), ExpertReply.Status.OVERLOADED);

    assertThat(sent).hasSize(2);
    assertThat(sent.get(0)).isNotNull();
    assertThat(sink.completed.getFirst().unavailable().cardinality()).isEqualTo(3);
    assertThat(registry.ready()).isTrue();
  }

  @Test
  void aReplicaThatDrainsGetsNothingNew() {
    replica("a", 0, 4);
    dispatcher.route(request(0, 3));
    refuse(sent.getFirst(), ExpertReply.Status.DRAINING);

    assertThat(registry.ready()).isFalse();
    assertThat(sink.completed.getFirst().unavailable().cardinality()).isEqualTo(3);
  }

  @Test
  void wrongAnswersEjectTheReplicaAndAreNotUsed() {
    String[] reasons = {"weights version", "answered 5 rows", "not finite"};
    for (int kind = 0; kind < 3; kind++) {
      replica("bad" + kind, 0, 4);
      RouteRequest request = request(1, 3);
      dispatcher.route(request);
      ExpertCall call = sent.removeFirst();
      Replica bad = call.replica();
      Replica good = replica("good" + kind, 0, 4);
      float[] rows = Fixtures.compute(call, WIDTH);
      if (kind == 2) {
        rows[13] = Float.NaN;
      }
      int count = kind == 1 ? 5 : 6;
      dispatcher.reply(
          bad,
          call.id(),
          ExpertReply.ok(count, WIDTH, kind == 0 ? 1 : Fixtures.VERSION, rows, 0, count * WIDTH));

      assertThat(bad.state()).isEqualTo(ReplicaState.EJECTED);
      assertThat(ejected.removeFirst()).startsWith("bad" + kind).contains(reasons[kind]);
      answer(sent.removeFirst());
      assertThat(sink.completed.removeFirst().rows()).isEqualTo(direct(request));
      dispatcher.replicaLost(good);
    }
    assertThat(dispatcher.counters().ejections()).isEqualTo(3);
  }

  @Test
  void aRowThatOverflowsOnEveryReplicaDoesNotCostTheLastOne() {
    replica("a", 0, 4);
    replica("b", 0, 4);
    RouteRequest request = request(1, 3);
    dispatcher.route(request);
    for (int i = 0; i < 2; i++) {
      ExpertCall call = sent.removeFirst();
      float[] rows = Fixtures.compute(call, WIDTH);
      for (int pair = 0; pair < call.pairCount(); pair++) {
        if (call.pairRow(pair) == 1) {
          rows[pair * WIDTH + 2] = Float.POSITIVE_INFINITY;
        }
      }
      dispatcher.reply(
          call.replica(),
          call.id(),
          ExpertReply.ok(6, WIDTH, Fixtures.VERSION, rows, 0, rows.length));
    }

    assertThat(ejected).hasSize(1);
    assertThat(registry.ready()).isTrue();
    RecordingSink.Outcome outcome = sink.completed.getFirst();
    assertThat(outcome.nonFinite().stream().toArray()).containsExactly(1);
    assertThat(Arrays.copyOf(outcome.rows(), WIDTH))
        .isEqualTo(Arrays.copyOf(direct(request), WIDTH));
  }

  @Test
  void aRowWhoseLogitsAreNotFiniteIsFlaggedAndSentNowhere() {
    replica("a", 0, 4);
    RouteRequest request = request(1, 3);
    request.rows()[WIDTH] = Float.NaN;

    dispatcher.route(request);

    assertThat(sent.getFirst().pairCount()).isEqualTo(4);
    assertThat(sent.getFirst().rowCount()).isEqualTo(2);
    answer(sent.getFirst());
    assertThat(sink.completed.getFirst().nonFinite().stream().toArray()).containsExactly(1);
    assertThat(Arrays.copyOfRange(sink.completed.getFirst().rows(), 0, WIDTH))
        .isEqualTo(Arrays.copyOf(direct(request), WIDTH));
  }

  @Test
  void aCallEndsAtItsDeadlineAndLateAnswersAreDropped() {
    replica("a", 0, 4);
    dispatcher.route(request(1, 3, 2_000));
    long id = sent.getFirst().id();
    Replica replica = sent.getFirst().replica();
    dispatcher.tick(1_999);
    assertThat(sink.failed).isEmpty();

    dispatcher.tick(2_000);

    assertThat(sink.failed).containsExactly(ErrorCode.DEADLINE_EXCEEDED);
    assertThat(dispatcher.callsInFlight()).isZero();
    assertThat(replica.inFlightPairs()).isZero();
    // the object has a new tenant; the old id must not reach it
    dispatcher.route(request(1, 3));
    dispatcher.reply(replica, id, ExpertReply.failed(ExpertReply.Status.INTERNAL, "late"));
    assertThat(dispatcher.counters().lateReplies()).isEqualTo(1);
    assertThat(dispatcher.callsInFlight()).isEqualTo(1);
  }

  @Test
  void workWhoseDeadlineHasPassedIsNotStarted() {
    replica("a", 0, 4);
    dispatcher.route(request(1, 3, 900));
    assertThat(sent).isEmpty();
    assertThat(sink.failed).containsExactly(ErrorCode.DEADLINE_EXCEEDED);
  }

  @Test
  void aCallerThatLeftHearsNothing() {
    replica("a", 0, 4);
    dispatcher.route(request(1, 3));
    ExpertCall call = sent.getFirst();
    Replica replica = call.replica();
    long id = call.id();
    dispatcher.cancel(sink);

    dispatcher.reply(replica, id, ExpertReply.failed(ExpertReply.Status.INTERNAL, "late"));

    assertThat(sink.completed).isEmpty();
    assertThat(sink.failed).isEmpty();
    assertThat(dispatcher.callsInFlight()).isZero();
    assertThat(call.id()).isEqualTo(ExpertCall.ENDED);
  }

  @Test
  void callsThatContradictTheModelOrTheLimitsAreRefused() {
    dispatcher = dispatcher(new DispatchLimits(1 << 20, 10));
    replica("a", 0, 4);
    dispatcher.route(
        new RouteRequest(
            9, 2, 1, new float[WIDTH], 0, new int[0], new int[0], now, Long.MAX_VALUE, sink));
    dispatcher.route(
        new RouteRequest(
            9, 1, 2, new float[WIDTH], 0, new int[0], new int[0], now, Long.MAX_VALUE, sink));
    dispatcher.route(request(0, 8));
    dispatcher.route(request(0, 3));
    assertThat(sink.failed)
        .containsExactly(
            ErrorCode.INVALID_ARGUMENT, ErrorCode.INVALID_ARGUMENT, ErrorCode.OVERLOADED);
    assertThat(sink.messages.getFirst())
        .isEqualTo("layer is 2, which is not a routed layer of the model");
  }

  private Replica replica(String id, int from, int to) {
    Replica replica =
        ((JoinResult.Accepted) registry.join(Fixtures.offer(model, id, "s" + from, from, to)))
            .replica();
    dispatcher.replicaJoined(replica);
    return replica;
  }

  private void answer(ExpertCall call) {
    float[] rows = Fixtures.compute(call, WIDTH);
    dispatcher.reply(
        call.replica(),
        call.id(),
        ExpertReply.ok(call.pairCount(), WIDTH, Fixtures.VERSION, rows, 0, rows.length));
  }

  private void refuse(ExpertCall call, ExpertReply.Status status) {
    dispatcher.reply(call.replica(), call.id(), ExpertReply.failed(status, "no"));
  }

  private RouteRequest request(int layer, int rows) {
    return request(layer, rows, RouteRequest.NO_DEADLINE);
  }

  private RouteRequest request(int layer, int rows, long deadline) {
    return new RouteRequest(
        1,
        layer,
        rows,
        Fixtures.randomRows(rows, WIDTH, new Random(5)),
        0,
        new int[0],
        new int[0],
        now,
        deadline,
        sink);
  }

  private Assignments assignments(RouteRequest request) {
    Assignments assignments = new Assignments();
    gates.assign(request, assignments);
    return assignments;
  }

  private float[] direct(RouteRequest request) {
    return Fixtures.direct(request, assignments(request), WIDTH);
  }
}
