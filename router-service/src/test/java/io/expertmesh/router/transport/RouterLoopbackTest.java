package io.expertmesh.router.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.expertmesh.protocol.core.ServiceState;
import io.expertmesh.protocol.transport.RowMessage;
import io.expertmesh.protocol.v1.CallStatus;
import io.expertmesh.protocol.v1.DType;
import io.expertmesh.protocol.v1.DescribeRouterRequest;
import io.expertmesh.protocol.v1.LeaseEvent;
import io.expertmesh.protocol.v1.RegisteredReplica;
import io.expertmesh.protocol.v1.RoutedReply;
import io.expertmesh.protocol.v1.RoutedRequest;
import io.expertmesh.protocol.v1.RouterDescription;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RouterLoopbackTest {
  private static final int WIDTH = 64;
  private static final int EXPERTS = 8;
  private static final String CLASS = "fma1/any/f32";

  private RouterFixture router;

  @BeforeEach
  void start() throws IOException {
    router = new RouterFixture(WIDTH, EXPERTS);
  }

  @AfterEach
  void stop() {
    router.close();
  }

  @Test
  void rowsTravelToTheExpertsAndBackWithTheBitsOfTheDirectComputation() throws Exception {
    try (FakeExpert low = join("low", 0, 4);
        FakeExpert high = join("high", 4, 8)) {
      awaitReady();
      float[] rows = router.randomRows(33);
      for (int call = 1; call <= 20; call++) {
        router.send(call, rows, 0);
      }
      float[] direct = router.direct(rows);
      for (int call = 1; call <= 20; call++) {
        RowMessage<RoutedReply> reply = reply();
        assertThat(reply.header().getStatus()).isEqualTo(CallStatus.CALL_OK);
        assertThat(values(reply)).isEqualTo(direct);
      }
      assertThat(low.asked).hasValue(20);
      assertThat(high.asked).hasValue(20);
      assertThat(router.board.snapshot().counters())
          .containsEntry("calls", 20L)
          .containsEntry("pairs", 20L * 66)
          .containsEntry("marshaller_fallbacks", 0L);
    }
  }

  @Test
  void rowsOfAReplicaThatDiesGoToAnother() throws Exception {
    try (FakeExpert dying = join("dying", 0, 8)) {
      awaitReady();
      dying.manner = FakeExpert.Manner.SWALLOW;
      float[] rows = router.randomRows(7);
      router.send(5, rows, 0);
      await("the call to arrive", () -> dying.asked.get() == 1);
      try (FakeExpert other = join("other", 0, 8)) {
        accepted(other);
        await("both to be known", () -> replicasKnown(2));
        dying.die();
        RowMessage<RoutedReply> reply = reply();
        assertThat(values(reply)).isEqualTo(router.direct(rows));
        assertThat(other.asked).hasValue(1);
        assertThat(router.board.snapshot().counters()).containsEntry("retries", 14L);
      }
    }
  }

  @Test
  void aReplicaThatAnswersNanIsEjectedAndToldWhy() throws Exception {
    try (FakeExpert bad = join("bad", 0, 8)) {
      bad.manner = FakeExpert.Manner.ANSWER_NAN;
      awaitReady();
      float[] rows = router.randomRows(3);
      router.send(1, rows, 0);
      RowMessage<RoutedReply> reply = reply();
      assertThat(reply.header().getUnavailableRowsList()).containsExactly(0, 1, 2);
      assertThat(reply.header().getUnavailableDetail()).startsWith("layer 0 expert ");
      accepted(bad);
      assertThat(take(bad.events).getEjected().getReason())
          .isEqualTo("answered rows that are not finite");
      await("the router to wait", () -> router.board.state() == ServiceState.WAITING);
      try (FakeExpert good = join("good", 0, 8)) {
        accepted(good);
        awaitReady();
        router.send(2, rows, 0);
        assertThat(values(reply())).isEqualTo(router.direct(rows));
      }
    }
  }

  @Test
  void aReplicaOfAnotherNumericsClassIsRejected() throws Exception {
    try (FakeExpert first = join("first", 0, 8)) {
      awaitReady();
      accepted(first);
      try (FakeExpert second =
          new FakeExpert("second", WIDTH, 0, 8, router.port(), "onednn/amx/bf16")) {
        assertThat(take(second.events).getRejected().getReason())
            .isEqualTo(
                "numerics_class is 'onednn/amx/bf16', the replicas of this router have"
                    + " 'fma1/any/f32'");
      }
    }
  }

  @Test
  void theRegistryTellsWhichReplicasGetCalls() throws Exception {
    try (FakeExpert staying = join("staying", 0, 8);
        FakeExpert leaving = join("leaving", 0, 8)) {
      accepted(staying);
      accepted(leaving);
      await("both to be live", () -> replicasKnown(2));
      assertThat(router.replicas())
          .extracting(RegisteredReplica::getReplicaId, RegisteredReplica::getShard)
          .containsExactlyInAnyOrder(tuple("staying", "s0"), tuple("leaving", "s0"));
      assertThat(router.replicas())
          .allMatch(RegisteredReplica::getLive)
          .allMatch(replica -> replica.getAddress().startsWith("127.0.0.1:"));

      leaving.leave();
      await("one to be live", () -> replicasKnown(1));
      assertThat(router.replicas())
          .filteredOn(RegisteredReplica::getLive)
          .extracting(RegisteredReplica::getReplicaId)
          .containsExactly("staying");
    }
  }

  @Test
  void theDescriptionSaysWhatIsMissing() throws Exception {
    assertThat(describe().getReady()).isFalse();
    try (FakeExpert low = join("low", 0, 7)) {
      accepted(low);
      await(
          "the description",
          () -> describe().getMissing().startsWith("1 of 8 experts, first layer 0"));
      try (FakeExpert high = join("high", 7, 8)) {
        awaitReady();
        RouterDescription description = describe();
        assertThat(description.getReady()).isTrue();
        assertThat(description.getNumericsClass()).isEqualTo(CLASS);
        assertThat(description.getModelId()).isEqualTo("m");
        high.leave();
        await("the drain", () -> !describe().getReady());
      }
    }
  }

  @Test
  void aCallWithoutAnswerEndsAtItsDeadline() throws Exception {
    try (FakeExpert silent = join("silent", 0, 8)) {
      silent.manner = FakeExpert.Manner.SWALLOW;
      awaitReady();
      router.send(1, router.randomRows(1), 20_000);
      assertThat(reply().header().getStatus()).isEqualTo(CallStatus.CALL_DEADLINE_EXCEEDED);
    }
  }

  @Test
  void aCallerThatLeavesLeavesNothingBehind() throws Exception {
    try (FakeExpert silent = join("silent", 0, 8)) {
      silent.manner = FakeExpert.Manner.SWALLOW;
      awaitReady();
      router.send(1, router.randomRows(5), 0);
      await("the call to arrive", () -> silent.asked.get() == 1);
      router.leave();
      await("the call to be forgotten", () -> router.board.snapshot().inFlight() == 0);
      silent.manner = FakeExpert.Manner.ANSWER;
      float[] rows = router.randomRows(2);
      router.send(2, rows, 0);
      assertThat(values(reply())).isEqualTo(router.direct(rows));
    }
  }

  @Test
  void wrongFieldsAreNamed() throws Exception {
    router.send(
        RoutedRequest.newBuilder()
            .setCallId(3)
            .setRowCount(1)
            .setWidth(3)
            .setDtype(DType.DTYPE_F32)
            .build(),
        new float[3]);
    RoutedReply wrongWidth = reply().header();
    assertThat(wrongWidth.getStatus()).isEqualTo(CallStatus.CALL_INVALID);
    assertThat(wrongWidth.getError()).isEqualTo("width is 3, the model's rows have 64 values");
    router.send(
        RoutedRequest.newBuilder()
            .setCallId(4)
            .setLayer(9)
            .setRowCount(1)
            .setWidth(WIDTH)
            .setDtype(DType.DTYPE_F32)
            .build(),
        new float[WIDTH]);
    assertThat(reply().header().getError())
        .isEqualTo("layer is 9, which is not a routed layer of the model");
  }

  @Test
  void drainingFinishesWhatIsInFlightAndRefusesTheRest() throws Exception {
    try (FakeExpert expert = join("all", 0, 8)) {
      awaitReady();
      expert.manner = FakeExpert.Manner.SWALLOW;
      router.send(1, router.randomRows(1), 200_000);
      await("the call to arrive", () -> expert.asked.get() == 1);
      var drained = router.reactor().drain();
      await("the drain", () -> router.board.state() == ServiceState.DRAINING);
      router.send(2, router.randomRows(1), 0);
      assertThat(reply().header().getStatus()).isEqualTo(CallStatus.CALL_DRAINING);
      assertThat(drained).isNotDone();
      assertThat(reply().header().getStatus()).isEqualTo(CallStatus.CALL_DEADLINE_EXCEEDED);
      drained.get(10, TimeUnit.SECONDS);
    }
  }

  private FakeExpert join(String replica, int from, int to) throws IOException {
    return new FakeExpert(replica, WIDTH, from, to, router.port(), CLASS);
  }

  private static void accepted(FakeExpert expert) throws InterruptedException {
    assertThat(take(expert.events).hasAccepted()).isTrue();
  }

  private boolean replicasKnown(int count) {
    return router.reactor().liveReplicas().join() == count;
  }

  private RouterDescription describe() {
    return router.stub().describeRouter(DescribeRouterRequest.getDefaultInstance());
  }

  private void awaitReady() {
    await("the router to be ready", () -> router.board.state() == ServiceState.READY);
  }

  private static void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waiting for " + what).isLessThan(end);
      LockSupport.parkNanos(1_000_000);
    }
  }

  private RowMessage<RoutedReply> reply() throws InterruptedException {
    RowMessage<RoutedReply> reply = router.replies.poll(20, TimeUnit.SECONDS);
    assertThat(reply).as("a reply").isNotNull();
    return reply;
  }

  private static LeaseEvent take(BlockingQueue<LeaseEvent> events) throws InterruptedException {
    LeaseEvent event = events.poll(20, TimeUnit.SECONDS);
    assertThat(event).as("a lease event").isNotNull();
    return event;
  }

  private static float[] values(RowMessage<RoutedReply> reply) {
    return Arrays.copyOfRange(reply.rows(), reply.offset(), reply.offset() + reply.length());
  }
}
