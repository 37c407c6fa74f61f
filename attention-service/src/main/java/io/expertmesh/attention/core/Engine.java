package io.expertmesh.attention.core;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.MeshException;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread that runs an {@link EngineCore}: takes what others submit and cancel, steps while
 * there is work, sleeps while there is none. Any thread may submit and cancel.
 */
public final class Engine implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Engine.class.getName());

  private final EngineCore core;
  private final RequestRules rules;
  private final int maxQueue;
  private final StepListener listener;
  private final Queue<Runnable> inbox = new ConcurrentLinkedQueue<>();
  private final AtomicInteger submitted = new AtomicInteger();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final Thread thread;
  private volatile int waiting;
  private volatile int admitted;
  private volatile boolean draining;
  private volatile boolean stopping;

  /**
   * @param maxQueue requests that wait before new ones are turned away
   */
  public Engine(EngineCore core, RequestRules rules, int maxQueue, StepListener listener) {
    this.core = Objects.requireNonNull(core, "core");
    this.rules = Objects.requireNonNull(rules, "rules");
    this.maxQueue = maxQueue;
    this.listener = Objects.requireNonNull(listener, "listener");
    this.thread = Thread.ofPlatform().name("engine").daemon(true).unstarted(this::loop);
  }

  /** Starts the thread. */
  public void start() {
    thread.start();
  }

  /**
   * Hands in a request. Its deadline is on the clock of {@link System#nanoTime()}.
   *
   * @param sink gets its events; exactly one {@link TokenEvent.End}
   * @throws MeshException INVALID_ARGUMENT, CONTEXT_LENGTH_EXCEEDED, OVERLOADED, or
   *     SERVICE_UNAVAILABLE while draining; the sink then gets nothing
   */
  public Ticket submit(GenerationRequest request, TokenSink sink) {
    rules.check(request);
    if (draining) {
      throw new MeshException(
          ErrorCode.SERVICE_UNAVAILABLE, "this attention-service is shutting down");
    }
    if (submitted.get() + waiting >= maxQueue) {
      throw Scheduler.overloaded(maxQueue);
    }
    Ticket ticket = new Ticket(request, sink);
    submitted.incrementAndGet();
    post(() -> take(ticket));
    return ticket;
  }

  /** Ends a request at the next step boundary at the latest; without effect if it has ended. */
  public void cancel(Ticket ticket, String why) {
    post(
        () -> {
          Sequence sequence = ticket.sequence;
          if (sequence != null) {
            core.cancel(sequence, why);
          }
        });
  }

  /** Requests that wait for admission. */
  public int waiting() {
    return submitted.get() + waiting;
  }

  /** Requests that hold pages. */
  public int admitted() {
    return admitted;
  }

  /** What requests must be like. */
  public RequestRules rules() {
    return rules;
  }

  /**
   * Takes nothing new, finishes what is there, and stops.
   *
   * @param nanos time to finish in; what is left then fails with SERVICE_UNAVAILABLE
   * @return true if everything was finished
   */
  public boolean drain(long nanos) throws InterruptedException {
    draining = true;
    LockSupport.unpark(thread);
    boolean finished = stopped.await(nanos, TimeUnit.NANOSECONDS);
    close();
    return finished;
  }

  /** Stops after the running step; requests that are left fail with SERVICE_UNAVAILABLE. */
  @Override
  public void close() {
    draining = true;
    stopping = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void post(Runnable task) {
    inbox.add(task);
    LockSupport.unpark(thread);
    if (stopped.getCount() == 0) {
      drainInboxAfterStop();
    }
  }

  private void take(Ticket ticket) {
    submitted.decrementAndGet();
    try {
      ticket.sequence = core.submit(ticket.request, ticket.sink);
    } catch (MeshException e) {
      ticket.sink.accept(new TokenEvent.Failed(e.code(), String.valueOf(e.getMessage())));
    }
  }

  private void loop() {
    try {
      while (!stopping) {
        runInbox();
        long begin = System.nanoTime();
        int rows = core.step(begin);
        publish();
        if (rows > 0) {
          listener.step(rows, System.nanoTime() - begin);
        } else if (draining && core.scheduler().all().isEmpty() && inbox.isEmpty()) {
          return;
        } else if (inbox.isEmpty() && !stopping) {
          sleep();
        }
      }
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.ERROR, "The engine stopped", e);
      throw e;
    } finally {
      draining = true;
      stopped.countDown();
      drainInboxAfterStop();
      publish();
    }
  }

  private void sleep() {
    long now = System.nanoTime();
    long wake = core.nextWake(now);
    if (wake == Long.MAX_VALUE) {
      LockSupport.park(this);
    } else if (wake > now) {
      LockSupport.parkNanos(this, wake - now);
    }
  }

  private void runInbox() {
    for (Runnable task = inbox.poll(); task != null; task = inbox.poll()) {
      task.run();
    }
  }

  private void publish() {
    waiting = core.scheduler().waitingCount();
    admitted = core.scheduler().admittedCount();
  }

  /** What came in while the thread ended is answered too. */
  private synchronized void drainInboxAfterStop() {
    runInbox();
    core.failAll(ErrorCode.SERVICE_UNAVAILABLE, "this attention-service is shutting down");
  }
}
