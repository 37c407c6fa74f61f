package io.expertmesh.expert.core;

import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A shard at work: the queue and the engine behind one lock. Any thread submits; one thread
 * computes, either its own (by {@link #run}) or whoever calls {@link #step}. Calls end on the
 * thread that brought about their end, outside of the lock.
 */
public final class ExpertHost {
  private static final System.Logger LOG = System.getLogger(ExpertHost.class.getName());

  private final ExpertEngine engine;
  private final LongSupplier nanoClock;
  private final BatchObserver observer;
  private final Pace pace;
  private final PairBatch batch;
  private final float[] input;
  private final float[] output;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Condition idle = lock.newCondition();

  // Guarded by the lock.
  private final BatchQueue queue;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private boolean stopped;
  private int delivering;

  /** Is told what was done. */
  @FunctionalInterface
  public interface BatchObserver {
    /** {@code pairs} of a block were computed in {@code nanos}; on the computing thread. */
    void computed(int block, int pairs, long nanos);

    /** A call ended, or was refused; on the thread that brought about its end. */
    default void ended(ComputeCall call) {}
  }

  /**
   * Load as of now.
   *
   * @param waitingPairs pairs that wait
   * @param runningPairs pairs that are being computed
   * @param oldestAgeNanos age of the oldest call
   */
  public record Load(int waitingPairs, int runningPairs, long oldestAgeNanos) {
    /** Pairs that wait or are being computed. */
    public int inFlightPairs() {
      return waitingPairs + runningPairs;
    }
  }

  /**
   * @param maxPairs most pairs that wait and run together; further calls are refused at once
   * @param nanoClock monotonic time; deadlines of calls are on it
   */
  public ExpertHost(
      ExpertEngine engine, int maxPairs, LongSupplier nanoClock, BatchObserver observer) {
    this(engine, maxPairs, nanoClock, observer, Pace.NONE);
  }

  /**
   * @param maxPairs most pairs that wait and run together; further calls are refused at once
   * @param nanoClock monotonic time; deadlines of calls are on it
   * @param pace least time that batches take
   */
  public ExpertHost(
      ExpertEngine engine,
      int maxPairs,
      LongSupplier nanoClock,
      BatchObserver observer,
      Pace pace) {
    this.pace = Objects.requireNonNull(pace, "pace");
    this.engine = Objects.requireNonNull(engine, "engine");
    this.nanoClock = Objects.requireNonNull(nanoClock, "nanoClock");
    this.observer = Objects.requireNonNull(observer, "observer");
    queue = new BatchQueue(engine.weights().shard().blocks().size(), maxPairs);
    batch = new PairBatch(engine.maxRows());
    input = new float[Math.multiplyExact(engine.maxRows(), engine.weights().hidden())];
    output = new float[input.length];
  }

  /** What it computes with. */
  public ExpertEngine engine() {
    return engine;
  }

  /** Hands a call over. It ends some time later, or at once if it is refused. */
  public void submit(ComputeCall call) {
    boolean admitted;
    lock.lock();
    try {
      admitted = queue.offer(call, nanoClock.getAsLong());
      if (admitted) {
        work.signal();
      }
    } finally {
      lock.unlock();
    }
    if (admitted) {
      deliverEnded();
    } else {
      observer.ended(call);
      call.deliver();
    }
  }

  /**
   * Has a task run on the computing thread before its next batch, with the engine to itself.
   * Returns at once.
   */
  public void betweenBatches(Runnable task) {
    lock.lock();
    try {
      tasks.add(task);
      work.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Drops every call of a source that left. */
  public void cancel(Object source) {
    lock.lock();
    try {
      queue.cancel(source, nanoClock.getAsLong());
    } finally {
      lock.unlock();
    }
    deliverEnded();
  }

  /**
   * Runs one task or computes one batch, if anything waits.
   *
   * @return false if nothing waited
   */
  public boolean step() {
    Runnable task;
    boolean taken = false;
    lock.lock();
    try {
      task = tasks.poll();
      if (task == null) {
        taken = queue.takeNext(batch, nanoClock.getAsLong());
      }
    } finally {
      lock.unlock();
    }
    if (task != null) {
      task.run();
      return true;
    }
    if (taken) {
      compute();
    }
    // Calls may have expired although nothing was left to compute.
    deliverEnded();
    return taken;
  }

  private void compute() {
    int pairs = batch.size();
    int block = batch.block();
    long start = nanoClock.getAsLong();
    String failure = null;
    try {
      batch.gather(input);
      engine.compute(batch.block(), input, pairs, output);
      batch.scatter(output);
      pace.hold(start, pairs, nanoClock);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "A batch could not be computed", e);
      failure = "The computation failed: " + e;
    }
    long end = nanoClock.getAsLong();
    lock.lock();
    try {
      if (failure == null) {
        queue.completed(batch, end - start, end);
      } else {
        queue.failed(batch, failure, end);
      }
    } finally {
      lock.unlock();
    }
    observer.computed(block, pairs, end - start);
  }

  /** Computes until {@link #stop}. To be run by the one computing thread. */
  public void run() {
    while (awaitWork()) {
      step();
    }
  }

  private boolean awaitWork() {
    lock.lock();
    try {
      while (!stopped && queue.waitingPairs() == 0 && tasks.isEmpty()) {
        work.awaitUninterruptibly();
      }
      return !stopped;
    } finally {
      lock.unlock();
    }
  }

  /** Ends {@link #run} after the present batch. What still waits stays unanswered. */
  public void stop() {
    lock.lock();
    try {
      stopped = true;
      work.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Refuses new calls from now on; what was taken is still computed. */
  public void drain() {
    lock.lock();
    try {
      queue.drain();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until every admitted call has ended and was told so.
   *
   * @return false if that took longer than the given time
   */
  public boolean awaitIdle(long nanos) throws InterruptedException {
    long left = nanos;
    lock.lockInterruptibly();
    try {
      while (!queue.isIdle() || delivering > 0) {
        if (left <= 0) {
          return false;
        }
        left = idle.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Load as of now. */
  public Load load() {
    lock.lock();
    try {
      return new Load(
          queue.waitingPairs(), queue.runningPairs(), queue.oldestAgeNanos(nanoClock.getAsLong()));
    } finally {
      lock.unlock();
    }
  }

  private void deliverEnded() {
    for (ComputeCall call = nextEnded(); call != null; call = nextEnded()) {
      try {
        observer.ended(call);
        call.deliver();
      } finally {
        delivered();
      }
    }
  }

  private @Nullable ComputeCall nextEnded() {
    lock.lock();
    try {
      ComputeCall call = queue.pollEnded();
      if (call != null) {
        delivering++;
      }
      return call;
    } finally {
      lock.unlock();
    }
  }

  private void delivered() {
    lock.lock();
    try {
      delivering--;
      if (delivering == 0 && queue.isIdle()) {
        idle.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }
}
