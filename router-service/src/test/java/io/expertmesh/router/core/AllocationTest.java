package io.expertmesh.router.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import io.expertmesh.protocol.core.ErrorCode;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AllocationTest {
  private static final int WIDTH = 64;
  private static final int WARM_UP = 3_000;
  private static final int MEASURED = 500;

  // the scalar twin is a reference, it may allocate
  private static final Kernels KERNELS = KernelProviders.select("vector", DType.F32).kernels();

  private final RoutedModel model = Fixtures.model(WIDTH, 8);
  private final Registry registry = new Registry(model);
  private final ArrayDeque<ExpertCall> sent = new ArrayDeque<>();
  private final float[] answer = new float[4096 * WIDTH];
  private final Dispatcher dispatcher =
      new Dispatcher(
          registry,
          Fixtures.gates(model, 2, new Random(1), KERNELS),
          new ReplicaChoice(new Random(1)),
          KERNELS,
          new Link(),
          DispatchLimits.standard(),
          () -> 0);

  @Test
  void aCallOfAThousandRowsAllocatesNoMoreThanOneOfAFew() {
    for (int i = 0; i < 4; i++) {
      Replica replica =
          ((JoinResult.Accepted)
                  registry.join(Fixtures.offer(model, "r" + i, "s" + i, 2 * i, 2 * i + 2)))
              .replica();
      dispatcher.replicaJoined(replica);
    }
    RouteRequest few = request(24);
    RouteRequest many = request(1_000);
    run(many, WARM_UP);
    run(few, WARM_UP);

    // the least of several rounds: what else happens on the thread (compilation, tiering) only adds
    long forFew = Long.MAX_VALUE;
    long forMany = Long.MAX_VALUE;
    for (int round = 0; round < 5; round++) {
      forFew = Math.min(forFew, run(few, MEASURED) / MEASURED);
      forMany = Math.min(forMany, run(many, 20) / 20);
    }

    assertThat(forFew).as("bytes per call of 24 rows; %d for 1000", forMany).isLessThan(2_000);
    assertThat(forMany - forFew).as("bytes for 976 more rows than %d", forFew).isLessThan(900);
  }

  private long run(RouteRequest request, int times) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < times; i++) {
      dispatcher.route(request);
      while (!sent.isEmpty()) {
        ExpertCall call = sent.poll();
        int pairs = call.pairCount();
        dispatcher.reply(
            call.replica(),
            call.id(),
            ExpertReply.ok(pairs, WIDTH, Fixtures.VERSION, answer, 0, pairs * WIDTH));
      }
    }
    return threads.getCurrentThreadAllocatedBytes() - before;
  }

  private static RouteRequest request(int rows) {
    return new RouteRequest(
        1,
        0,
        rows,
        Fixtures.randomRows(rows, WIDTH, new Random(2)),
        0,
        new int[0],
        new int[0],
        0,
        RouteRequest.NO_DEADLINE,
        new RouteSink() {
          @Override
          public void complete(RouteRequest request, RouteResult result) {
            assertThatRowsAreComplete(result);
          }

          @Override
          public void fail(RouteRequest request, ErrorCode code, String message) {
            throw new AssertionError(message);
          }
        });
  }

  private static void assertThatRowsAreComplete(RouteResult result) {
    if (!result.unavailable().isEmpty()) {
      throw new AssertionError(result.detail());
    }
  }

  private final class Link implements ExpertLink {
    @Override
    public void send(ExpertCall call) {
      sent.add(call);
    }

    @Override
    public void release(float[] rows) {}

    @Override
    public void ejected(Replica replica, String reason) {
      throw new AssertionError(reason);
    }
  }
}
