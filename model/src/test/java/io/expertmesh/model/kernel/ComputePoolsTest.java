package io.expertmesh.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ComputePoolsTest {
  @Test
  void everyPartRunsOnceWhateverTheThreads() {
    for (int threads = 1; threads <= 4; threads++) {
      try (ComputePool pool = ComputePools.of(threads)) {
        assertThat(pool.threads()).isEqualTo(threads);
        for (int round = 0; round < 3000; round++) {
          int parts = round % 17;
          AtomicIntegerArray runs = new AtomicIntegerArray(17);
          pool.run(parts, runs::incrementAndGet);
          for (int i = 0; i < 17; i++) {
            assertThat(runs.get(i)).isEqualTo(i < parts ? 1 : 0);
          }
        }
      }
    }
  }

  @Test
  void otherThreadsHelpTheCaller() {
    try (ComputePool pool = ComputePools.of(3)) {
      CountDownLatch together = new CountDownLatch(3);
      // no part ends before all three have begun, which takes three threads
      pool.run(
          3,
          part -> {
            together.countDown();
            try {
              assertThat(together.await(20, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          });
      assertThat(together.getCount()).isZero();
    }
  }

  @Test
  void helpersHelpTooAndHaveLowPriority() {
    assumeTrue(LowPriority.available());
    try (ComputePool pool = ComputePools.of(1, 1)) {
      assertThat(pool.threads()).isEqualTo(2);
      CountDownLatch together = new CountDownLatch(2);
      Map<Boolean, Integer> niceness = new ConcurrentHashMap<>();
      Thread caller = Thread.currentThread();
      // no part ends before both have begun, which takes both threads
      pool.run(
          2,
          part -> {
            niceness.put(Thread.currentThread() == caller, nice());
            together.countDown();
            try {
              assertThat(together.await(20, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          });
      assertThat(niceness.get(false)).isEqualTo(LowPriority.NICE);
      assertThat(niceness.get(true)).isLessThan(LowPriority.NICE);
    }
  }

  @Test
  void everyPartRunsOnceAlsoWithHelpersThatCallersWaitFor() {
    assumeTrue(LowPriority.available());
    try (ComputePool pool = ComputePools.of(1, 2)) {
      Thread caller = Thread.currentThread();
      AtomicInteger byHelpers = new AtomicInteger();
      long end = System.nanoTime() + 2_000_000_000L;
      int late = 0;
      while (System.nanoTime() < end) {
        AtomicIntegerArray runs = new AtomicIntegerArray(4);
        int before = byHelpers.get();
        pool.run(
            4,
            part -> {
              runs.incrementAndGet(part);
              if (Thread.currentThread() == caller) {
                LockSupport.parkNanos(500_000);
              } else {
                byHelpers.incrementAndGet();
                LockSupport.parkNanos(20_000_000);
              }
            });
        for (int i = 0; i < 4; i++) {
          assertThat(runs.get(i)).isEqualTo(1);
        }
        late += byHelpers.get() > before ? 1 : 0;
      }
      assertThat(byHelpers).hasPositiveValue();
      // Without the balance it would be all of the two seconds.
      assertThat(late * 20).as("milliseconds in which the caller waited").isLessThan(1500);
    }
  }

  /** Niceness of the calling thread. */
  private static int nice() {
    try {
      String stat = Files.readString(Path.of("/proc/thread-self/stat"));
      return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[16]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void anExceptionOfAPartReachesTheCallerAfterTheOthersEnded() {
    try (ComputePool pool = ComputePools.of(2)) {
      AtomicInteger ended = new AtomicInteger();
      assertThatThrownBy(
              () ->
                  pool.run(
                      10,
                      part -> {
                        if (part == 3) {
                          throw new IllegalStateException("part 3");
                        }
                        ended.incrementAndGet();
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("part 3");
      assertThat(ended).hasValue(9);
      pool.run(5, part -> ended.incrementAndGet());
      assertThat(ended).hasValue(14);
    }
  }

  @Test
  void anErrorOfAPartReachesTheCaller() {
    try (ComputePool pool = ComputePools.of(2)) {
      assertThatThrownBy(
              () ->
                  pool.run(
                      2,
                      part -> {
                        throw new AssertionError("broken");
                      }))
          .isInstanceOf(AssertionError.class);
    }
  }

  @Test
  void aRunWithinARunIsRefused() {
    try (ComputePool pool = ComputePools.of(1)) {
      assertThatThrownBy(() -> pool.run(1, part -> pool.run(1, inner -> {})))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aClosedPoolRefusesWorkAndItsThreadsEnd() throws InterruptedException {
    ComputePool pool = ComputePools.of(2);
    Thread[] helper = new Thread[1];
    CountDownLatch together = new CountDownLatch(2);
    Thread caller = Thread.currentThread();
    pool.run(
        2,
        part -> {
          together.countDown();
          try {
            assertThat(together.await(20, TimeUnit.SECONDS)).isTrue();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          if (Thread.currentThread() != caller) {
            helper[0] = Thread.currentThread();
          }
        });
    pool.close();
    pool.close();
    assertThat(helper[0]).isNotNull();
    helper[0].join(20_000);
    assertThat(helper[0].isAlive()).isFalse();
    assertThatThrownBy(() -> pool.run(1, part -> {})).hasMessageContaining("closed");
  }

  @Test
  void zeroThreadsMeansAllCoresAndNonsenseIsRefused() {
    try (ComputePool pool = ComputePools.of(0)) {
      assertThat(pool.threads()).isEqualTo(Runtime.getRuntime().availableProcessors());
    }
    assertThatThrownBy(() -> ComputePools.of(-1)).hasMessageContaining("threads is -1");
    assertThatThrownBy(() -> ComputePools.of(5000)).hasMessageContaining("5000");
    assertThatThrownBy(() -> ComputePools.of(1, -1)).hasMessageContaining("helpers is -1");
  }
}
