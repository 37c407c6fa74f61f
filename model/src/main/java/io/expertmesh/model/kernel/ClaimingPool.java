package io.expertmesh.model.kernel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Threads claim parts from a shared counter. The caller claims too and only ever waits for parts
 * that another thread has already begun, so a worker that wakes late costs nothing but its help.
 * Workers of low priority get nothing to do while callers have to wait for them ({@link
 * HelpBalance}).
 */
final class ClaimingPool implements ComputePool {
  /** Some microseconds: enough to bridge the gap between the products of one block. */
  private static final int SPINS = 200;

  private static final long REMAINING = 0xffffffffL;

  /** Those of low priority last. */
  private final Worker[] workers;

  private final int fullWorkers;
  private final HelpBalance balance = new HelpBalance();
  private final ReentrantLock oneRun = new ReentrantLock();

  /** Number of the run in the upper half (so that no claim is mistaken), unclaimed parts below. */
  private final AtomicLong claims = new AtomicLong();

  private final AtomicInteger unfinished = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  // written before the claims of a run are published, read after one was won
  private int parts;
  private @Nullable Part part;
  private @Nullable Thread caller;

  private volatile boolean callerSleeps;
  private volatile boolean closed;

  /** Whether workers of low priority may claim. */
  private volatile boolean helped;

  private ClaimingPool(int threads, int helpers) {
    fullWorkers = threads - 1;
    workers = new Worker[fullWorkers + helpers];
    for (int i = 0; i < workers.length; i++) {
      workers[i] =
          i < fullWorkers
              ? new Worker("compute-" + (i + 1), false)
              : new Worker("compute-idle-" + (i - fullWorkers + 1), true);
    }
  }

  /**
   * A pool whose threads run.
   *
   * @param threads those of ordinary priority, the caller included
   * @param helpers those of low priority
   */
  static ClaimingPool start(int threads, int helpers) {
    ClaimingPool pool = new ClaimingPool(threads, helpers);
    for (Worker worker : pool.workers) {
      worker.start();
    }
    return pool;
  }

  @Override
  public int threads() {
    return workers.length + 1;
  }

  @Override
  public void run(int parts, Part part) {
    if (oneRun.isHeldByCurrentThread()) {
      throw new IllegalStateException("a part of a run may not start another run on its pool");
    }
    oneRun.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the compute pool is closed");
      }
      if (parts > 0) {
        share(parts, part);
      }
    } finally {
      oneRun.unlock();
    }
  }

  private void share(int count, Part work) {
    boolean weighing = workers.length > fullWorkers;
    long start = weighing ? System.nanoTime() : 0;
    helped = weighing && balance.allows(start);
    parts = count;
    part = work;
    caller = Thread.currentThread();
    unfinished.set(count);
    claims.set(((claims.get() >>> 32) + 1) << 32 | count);
    wake(count - 1);
    int own = claimAll(false);
    long claimed = weighing ? System.nanoTime() : 0;
    awaitOthers();
    if (weighing) {
      balance.ran(own, claimed - start, System.nanoTime() - claimed);
    }
    part = null;
    Throwable thrown = failure.getAndSet(null);
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
  }

  private void wake(int most) {
    int count = Math.min(helped ? workers.length : fullWorkers, most);
    for (int i = 0; i < count; i++) {
      workers[i].wake();
    }
  }

  /** Runs parts until there is none that it may claim; returns how many it ran. */
  private int claimAll(boolean low) {
    int ran = 0;
    while (!low || helped) {
      long claim = claims.get();
      int remaining = (int) (claim & REMAINING);
      if (remaining == 0) {
        break;
      }
      if (claims.compareAndSet(claim, claim - 1)) {
        ran++;
        runPart(parts - remaining);
      }
    }
    return ran;
  }

  private void runPart(int index) {
    try {
      Part work = part;
      if (work != null) {
        work.run(index);
      }
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    } finally {
      if (unfinished.decrementAndGet() == 0 && callerSleeps) {
        LockSupport.unpark(caller);
      }
    }
  }

  private void awaitOthers() {
    for (int i = 0; i < SPINS && unfinished.get() > 0; i++) {
      Thread.onSpinWait();
    }
    if (unfinished.get() == 0) {
      return;
    }
    boolean interrupted = false;
    callerSleeps = true;
    while (unfinished.get() > 0) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    callerSleeps = false;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean idle() {
    return (claims.get() & REMAINING) == 0;
  }

  /** Waits for a run in progress, then ends the threads. Closing twice is harmless. */
  @Override
  public void close() {
    oneRun.lock();
    try {
      closed = true;
    } finally {
      oneRun.unlock();
    }
    for (Worker worker : workers) {
      LockSupport.unpark(worker);
    }
  }

  /** A thread that helps with every run it notices. */
  private final class Worker extends Thread {
    private final boolean low;
    private volatile boolean sleeps;

    Worker(String name, boolean low) {
      super(name);
      this.low = low;
      setDaemon(true);
    }

    void wake() {
      if (sleeps) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      if (low && !LowPriority.take()) {
        return;
      }
      while (!closed) {
        if (claimAll(low) == 0) {
          rest();
        }
      }
    }

    private void rest() {
      for (int i = 0; i < SPINS; i++) {
        if (hasWork()) {
          return;
        }
        Thread.onSpinWait();
      }
      sleeps = true;
      while (!hasWork() && !closed) {
        LockSupport.park(ClaimingPool.this);
      }
      sleeps = false;
    }

    private boolean hasWork() {
      return !idle() && (!low || helped);
    }
  }
}
