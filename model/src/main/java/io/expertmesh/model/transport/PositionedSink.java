package io.expertmesh.model.transport;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a body to its place in a file as it comes in, a buffer at a time. The next is asked for
 * when one has been written, so that a slow disk slows the server down and memory stays small.
 */
final class PositionedSink implements BodySubscriber<Long> {
  private final FileChannel channel;
  private final long from;
  private final long limit;
  private final LongConsumer arrived;
  private final CompletableFuture<Long> body = new CompletableFuture<>();

  private volatile long position;
  private volatile long lastByte = System.nanoTime();
  private volatile Flow.@Nullable Subscription subscription;

  /**
   * @param from position of the first byte
   * @param limit position that no byte may be written at
   * @param arrived is told how many bytes have been written more
   */
  PositionedSink(FileChannel channel, long from, long limit, LongConsumer arrived) {
    this.channel = channel;
    this.from = from;
    this.limit = limit;
    this.arrived = arrived;
    position = from;
  }

  /** Position after the last byte that was written. */
  long position() {
    return position;
  }

  /** Nanoseconds since anything arrived. */
  long silence() {
    return System.nanoTime() - lastByte;
  }

  /** Bytes written; fails with {@link DiskException} if the disk does not take them. */
  @Override
  public CompletionStage<Long> getBody() {
    return body;
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    given.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    Flow.Subscription source = subscription;
    if (body.isDone() || source == null) {
      return;
    }
    lastByte = System.nanoTime();
    try {
      for (ByteBuffer buffer : buffers) {
        write(buffer);
      }
      source.request(1);
    } catch (IOException e) {
      source.cancel();
      body.completeExceptionally(e);
    }
  }

  private void write(ByteBuffer buffer) throws IOException {
    int bytes = buffer.remaining();
    if (bytes > limit - position) {
      throw new OverlongException();
    }
    long at = position;
    try {
      while (buffer.hasRemaining()) {
        at += channel.write(buffer, at);
      }
    } catch (IOException e) {
      throw new DiskException(e);
    }
    position = at;
    arrived.accept(bytes);
  }

  @Override
  public void onError(Throwable failure) {
    body.completeExceptionally(failure);
  }

  @Override
  public void onComplete() {
    body.complete(position - from);
  }

  /** The file cannot be written. Asking the server again does not help. */
  static final class DiskException extends IOException {
    private static final long serialVersionUID = 1L;

    DiskException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  /** The server sends more than it was asked for. */
  static final class OverlongException extends IOException {
    private static final long serialVersionUID = 1L;
  }
}
