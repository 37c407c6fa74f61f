package io.expertmesh.attention.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.attention.core.RoutedBatch;
import io.expertmesh.attention.core.RoutedCall;
import io.expertmesh.attention.core.RoutedRows;
import io.expertmesh.attention.core.RowAssignments;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.HostPort;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.transport.MeshNetty;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rows to routers and back, and what happens when a router goes. */
class RemoteRoutedLayersTest {
  private static final int WIDTH = 512;
  private static final RouterIdentity IDENTITY = new RouterIdentity("m", 7, "fma1/any/f32");

  private final MeshNetty netty = new MeshNetty("test-net");

  @AfterEach
  void close() {
    netty.close();
  }

  @Test
  void aBatchOverOneMessageComesBackInOrderAndWhole() throws Exception {
    try (FakeRouter router = new FakeRouter("m");
        RemoteRoutedLayers layers = connect(router.address())) {
      waitUntil(layers::covered);
      RoutedBatch batch = batch(1300);
      RoutedRows rows = layers.submit(batch).await();
      for (int i = 0; i < 1300 * WIDTH; i++) {
        assertThat(rows.rows()[i]).isEqualTo(2 * batch.rows()[i]);
      }
      // 512 rows of 2 KiB fill a message; the fake finds its last row unavailable in each
      assertThat(router.requests).hasValue(3);
      assertThat(rows.unavailable().stream()).containsExactly(511, 1023, 1299);
      assertThat(rows.detail()).isEqualTo("layer 0 expert 1");
    }
  }

  @Test
  void assignmentsOfAllPartsComeInTheOrderOfTheRows() throws Exception {
    try (FakeRouter router = new FakeRouter("m");
        RemoteRoutedLayers layers = connect(router.address())) {
      waitUntil(layers::covered);
      int rows = 1300;
      RoutedBatch plain = batch(rows);
      assertThat(layers.submit(plain).await().assignments()).isEmpty();

      // so many choices per row that fewer rows fit into the head of an answer than into a message
      RoutedBatch asking =
          new RoutedBatch(
              0,
              plain.rows(),
              rows,
              IntStream.range(0, rows).toArray(),
              new int[rows],
              new int[0],
              63,
              plain.deadlineNanos());
      int before = router.requests.get();
      RowAssignments told = layers.submit(asking).await().assignments().orElseThrow();

      assertThat(router.requests.get() - before).isEqualTo(Math.ceilDiv(rows, 227));
      assertThat(told.experts()).isEqualTo(IntStream.range(0, rows).toArray());
      assertThat(told.starts()).isEqualTo(IntStream.rangeClosed(0, rows).toArray());
      assertThat(told.weights()[1299]).isEqualTo(1299 / 4f);
      assertThat(told.droppedStarts())
          .isEqualTo(IntStream.rangeClosed(0, rows).map(row -> row / 2).toArray());
      assertThat(told.dropped()).hasSize(rows / 2).containsOnly(0);
      assertThat(told.droppedWeights()[rows / 2 - 1]).isEqualTo(1299 / 8f);
    }
  }

  @Test
  void promptsThatMustStayWholeAreNotTornAndTellTheirLengths() throws Exception {
    try (FakeRouter router = new FakeRouter("m");
        RemoteRoutedLayers layers = connect(router.address())) {
      waitUntil(layers::covered);
      assertThat(layers.wholeRows(63)).isEqualTo(227);
      // one that decodes, a prompt, a prompt with two generated rows, one that decodes, a prompt
      int[] sizes = {1, 100, 202, 1, 130};
      int[] prompts = {0, 100, 200, 0, 130};
      int rows = IntStream.of(sizes).sum();
      int[] groups = new int[rows];
      int[] promptRows = new int[rows];
      int row = 0;
      for (int request = 0; request < sizes.length; request++) {
        Arrays.fill(groups, row, row + sizes[request], request);
        Arrays.fill(promptRows, row, row + sizes[request], prompts[request]);
        row += sizes[request];
      }
      RoutedBatch plain = batch(rows);
      RoutedBatch whole =
          new RoutedBatch(
              0,
              plain.rows(),
              rows,
              IntStream.range(0, rows).toArray(),
              groups,
              promptRows,
              63,
              plain.deadlineNanos());
      RoutedRows answer = layers.submit(whole).await();

      assertThat(router.groupLengths)
          .containsExactly(List.of(0, 100), List.of(200, 0), List.of(130));
      assertThat(answer.assignments().orElseThrow().experts())
          .isEqualTo(IntStream.range(0, rows).toArray());
    }
  }

  @Test
  void callsOfALostRouterGoToAnother() throws Exception {
    try (FakeRouter first = new FakeRouter("m");
        FakeRouter second = new FakeRouter("m");
        RemoteRoutedLayers layers = connect(first.address(), second.address())) {
      waitUntil(() -> first.streams.get() + second.streams.get() == 2);
      first.silent(true);
      second.silent(true);
      RoutedCall call = layers.submit(batch(3));
      waitUntil(() -> first.requests.get() + second.requests.get() == 1);
      FakeRouter taken = first.requests.get() == 1 ? first : second;
      FakeRouter other = taken == first ? second : first;
      other.silent(false);
      taken.close();
      assertThat(call.await().rows()).hasSize(3 * WIDTH);
    }
  }

  @Test
  void withoutARouterCallsFailAtOnce() {
    try (RemoteRoutedLayers layers = connect("127.0.0.1:1")) {
      RoutedCall call = layers.submit(batch(1));
      assertThatThrownBy(call::await)
          .isInstanceOfSatisfying(
              MeshException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE));
    }
  }

  @Test
  void aRouterWhoseExpertsSleepIsConnectedAndGetsRows() throws Exception {
    try (FakeRouter router = new FakeRouter("m")) {
      router.ready(false);
      try (RemoteRoutedLayers layers = connect(router.address())) {
        waitUntil(layers::connected);
        assertThat(layers.covered()).isFalse();
        layers.submit(batch(2)).await();
        assertThat(router.requests).hasValue(1);
      }
    }
  }

  @Test
  void aRouterOfAnotherModelIsNotUsed() throws Exception {
    try (FakeRouter router = new FakeRouter("other");
        RemoteRoutedLayers layers = connect(router.address())) {
      waitUntil(() -> layers.detail().contains("it serves model other, not m"));
      assertThat(layers.covered()).isFalse();
      assertThat(layers.connected()).isFalse();
    }
  }

  private RemoteRoutedLayers connect(String... addresses) {
    return new RemoteRoutedLayers(
        netty, HostPort.list("routers", List.of(addresses)), IDENTITY, WIDTH, DType.F32);
  }

  private static RoutedBatch batch(int rows) {
    float[] data = new float[rows * WIDTH];
    for (int i = 0; i < data.length; i++) {
      data[i] = i % 1000;
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    return new RoutedBatch(0, data, rows, new int[rows], new int[rows], deadline);
  }

  private static void waitUntil(BooleanSupplier condition) {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("gave up waiting").isLessThan(limit);
      Thread.onSpinWait();
    }
  }
}
