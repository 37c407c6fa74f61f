package io.expertmesh.model.transport;

import io.expertmesh.model.core.CheckpointException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Single requests, each given up when nothing comes for a while. */
final class Exchange implements AutoCloseable {
  private static final int POLL_MILLIS = 500;

  private final Duration silence;
  private final HttpClient client;
  private final LongAdder requests = new LongAdder();

  Exchange(Duration silence) {
    this.silence = silence;
    client =
        HttpClient.newBuilder()
            // parts are fetched over several connections, which HTTP/2 would make one
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .connectTimeout(Duration.ofSeconds(10))
            .build();
  }

  /** Looks at an answer before its body is read. */
  interface Judge {
    /** Returns if the body is wanted. */
    void judge(ResponseInfo answer) throws IOException;
  }

  /** Requests that were sent so far. */
  long requests() {
    return requests.sum();
  }

  /**
   * Gets bytes.
   *
   * @param range value of the header {@code Range}; empty for the whole file
   * @param sink is given the body
   * @throws IOException if the server cannot be reached, breaks off, or is judged so
   * @throws CheckpointException if it is judged so
   */
  void get(URI uri, String range, PositionedSink sink, Judge judge)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(silence);
    if (!range.isEmpty()) {
      request.header("Range", range);
    }
    requests.increment();
    CompletableFuture<HttpResponse<Long>> answer =
        client.sendAsync(request.build(), info -> judged(info, sink, judge));
    try {
      await(answer, sink);
    } finally {
      answer.cancel(true);
    }
  }

  private static BodySubscriber<Long> judged(ResponseInfo info, PositionedSink sink, Judge judge) {
    try {
      judge.judge(info);
      return sink;
    } catch (IOException | CheckpointException e) {
      return new Unread(e);
    }
  }

  private void await(CompletableFuture<HttpResponse<Long>> answer, PositionedSink sink)
      throws IOException, InterruptedException {
    while (true) {
      try {
        answer.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
        return;
      } catch (TimeoutException e) {
        if (sink.silence() > silence.toNanos()) {
          throw new IOException("nothing came for " + silence.toSeconds() + " s", e);
        }
      } catch (ExecutionException e) {
        throw cause(e);
      }
    }
  }

  private static IOException cause(ExecutionException e) {
    @Nullable IOException outermost = null;
    for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case CheckpointException refusal -> throw refusal;
        case PositionedSink.DiskException disk -> {
          return disk;
        }
        case PositionedSink.OverlongException overlong -> {
          return overlong;
        }
        case IOException network -> outermost = outermost == null ? network : outermost;
        default -> {}
      }
    }
    String message = outermost == null ? e.getMessage() : outermost.getMessage();
    String kind = outermost == null ? "" : outermost.getClass().getSimpleName();
    return new IOException(message == null ? kind : message, e);
  }

  @Override
  public void close() {
    client.shutdownNow();
    client.close();
  }
}
