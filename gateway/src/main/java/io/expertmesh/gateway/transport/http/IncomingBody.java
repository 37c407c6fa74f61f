package io.expertmesh.gateway.transport.http;

import java.io.ByteArrayOutputStream;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.core.publisher.Sinks;

/**
 * Reads a body and keeps it while it is within a limit. Beyond it, nothing is kept and the rest is
 * read up to a second limit, where the connection is cut.
 */
final class IncomingBody extends BaseSubscriber<DataBuffer> {
  private final long keepBytes;
  private final long drainBytes;
  private final Runnable cut;
  private final Sinks.One<Boolean> fits = Sinks.one();
  private final Sinks.Empty<Void> end = Sinks.empty();
  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
  private long total;

  /**
   * @param keepBytes most bytes of a body that is kept
   * @param drainBytes most bytes beyond them that are read
   * @param cut closes the connection
   */
  IncomingBody(long keepBytes, long drainBytes, Runnable cut) {
    this.keepBytes = keepBytes;
    this.drainBytes = drainBytes;
    this.cut = cut;
  }

  /**
   * Told once: true when the body has ended within the limit, false as soon as it is over it, or
   * the failure of its connection.
   */
  Mono<Boolean> fits() {
    return fits.asMono();
  }

  /** The body, if it fits. */
  byte[] bytes() {
    return kept.toByteArray();
  }

  /** Ends when nothing more is read, whatever the reason. */
  Mono<Void> end() {
    return end.asMono();
  }

  @Override
  protected void hookOnNext(DataBuffer buffer) {
    int count = buffer.readableByteCount();
    total += count;
    if (total <= keepBytes) {
      byte[] chunk = new byte[count];
      buffer.read(chunk);
      kept.writeBytes(chunk);
    }
    DataBufferUtils.release(buffer);
    if (total > keepBytes) {
      kept.reset();
      fits.tryEmitValue(false);
    }
    if (total > keepBytes + drainBytes) {
      cut.run();
      cancel();
    }
  }

  @Override
  protected void hookOnComplete() {
    fits.tryEmitValue(total <= keepBytes);
  }

  @Override
  protected void hookOnError(Throwable failure) {
    fits.tryEmitError(failure);
  }

  @Override
  protected void hookFinally(SignalType type) {
    end.tryEmitEmpty();
  }
}
