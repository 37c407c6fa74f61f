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
 */
final class ClaimingPool implements ComputePool {
  /** Some microseconds: enough to bridge the gap between the products of one block. */
  private static final int SPINS = 200;

  private static final long REMAINING = 0xffffffffL;

  private final Worker[] workers;
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

  private ClaimingPool(int threads) {
    workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker("compute-" + (i + 1));
    }
  }

  /** A pool whose threads run. */
  static ClaimingPool start(int threads) {
    ClaimingPool pool = new ClaimingPool(threads);
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
    parts = count;
    part = work;
    caller = Thread.currentThread();
    unfinished.set(count);
    claims.set(((claims.get() >>> 32) + 1) << 32 | count);
    int helpers = Math.min(workers.length, count - 1);
    for (int i = 0; i < helpers; i++) {
      workers[i].wake();
    }
    claimAll();
    awaitOthers();
    part = null;
    Throwable thrown = failure.getAndSet(null);
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
  }

  /** Runs parts until none is left to claim; returns true if it ran one. */
  private boolean claimAll() {
    boolean any = false;
    for (; ; ) {
      long claim = claims.get();
      int remaining = (int) (claim & REMAINING);
      if (remaining == 0) {
        return any;
      }
      if (claims.compareAndSet(claim, claim - 1)) {
        any = true;
        runPart(parts - remaining);
      }
    }
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
    private volatile boolean sleeps;

    Worker(String name) {
      super(name);
      setDaemon(true);
    }

    void wake() {
      if (sleeps) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      while (!closed) {
        if (!claimAll()) {
          rest();
        }
      }
    }

    private void rest() {
      for (int i = 0; i < SPINS; i++) {
        if (!idle()) {
          return;
        }
        Thread.onSpinWait();
      }
      sleeps = true;
      while (idle() && !closed) {
        LockSupport.park(ClaimingPool.this);
      }
      sleeps = false;
    }
  }
}
