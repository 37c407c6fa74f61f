package io.expertmesh.model.transport;

import java.util.Collection;
import java.util.Queue;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** Works a list off with a bounded number of threads; the first failure ends it all. */
final class Together {
  private Together() {}

  /** What is done with one element. */
  interface Work<T> {
    void on(T element) throws Exception;
  }

  static <T> void each(Collection<T> elements, int threads, Work<T> work) throws Exception {
    Queue<T> left = new ConcurrentLinkedQueue<>(elements);
    int workers = Math.min(threads, elements.size());
    ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    try {
      CompletionService<Boolean> done = new ExecutorCompletionService<>(executor);
      for (int i = 0; i < workers; i++) {
        done.submit(
            () -> {
              for (T next = left.poll(); next != null; next = left.poll()) {
                work.on(next);
              }
              return true;
            });
      }
      for (int i = 0; i < workers; i++) {
        done.take().get();
      }
    } catch (ExecutionException e) {
      @Nullable Throwable cause = e.getCause();
      if (cause instanceof Exception failure) {
        throw failure;
      }
      throw e;
    } finally {
      executor.shutdownNow();
      executor.close();
    }
  }
}
