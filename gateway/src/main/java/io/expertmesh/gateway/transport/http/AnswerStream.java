package io.expertmesh.gateway.transport.http;

import io.expertmesh.gateway.core.request.ApiError;
import io.expertmesh.gateway.core.request.ApiException;
import io.expertmesh.gateway.core.response.AnswerSink;
import io.expertmesh.gateway.core.response.Json;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Sinks;

/**
 * A streamed answer as server-sent events. Nothing is sent before the first event, so that a
 * request which fails at once gets its proper status. What a slow reader has not taken waits here
 * up to a bound; beyond it the reader is cut off.
 */
final class AnswerStream implements AnswerSink {
  private static final byte[] PREFIX = "data: ".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] DONE = "[DONE]".getBytes(StandardCharsets.US_ASCII);

  private final MonoSink<Flux<DataBuffer>> opening;
  private final DataBufferFactory buffers;
  private final long maxWaiting;
  private final Runnable cut;
  private final Sinks.Many<byte[]> events = Sinks.many().unicast().onBackpressureBuffer();
  private final AtomicLong waiting = new AtomicLong();
  private boolean open;

  /**
   * @param opening gets the events once there is one, or the failure before it
   * @param maxWaiting bytes
   * @param cut closes the connection
   */
  AnswerStream(
      MonoSink<Flux<DataBuffer>> opening,
      DataBufferFactory buffers,
      long maxWaiting,
      Runnable cut) {
    this.opening = opening;
    this.buffers = buffers;
    this.maxWaiting = maxWaiting;
    this.cut = cut;
  }

  @Override
  public void write(byte[] json) {
    byte[] event = new byte[PREFIX.length + json.length + 2];
    System.arraycopy(PREFIX, 0, event, 0, PREFIX.length);
    System.arraycopy(json, 0, event, PREFIX.length, json.length);
    event[event.length - 2] = '\n';
    event[event.length - 1] = '\n';
    if (waiting.addAndGet(event.length) > maxWaiting) {
      cut.run();
      return;
    }
    events.tryEmitNext(event);
    if (!open) {
      open = true;
      opening.success(
          events
              .asFlux()
              .map(
                  bytes -> {
                    waiting.addAndGet(-bytes.length);
                    return buffers.wrap(bytes);
                  }));
    }
  }

  @Override
  public void end() {
    write(DONE);
    events.tryEmitComplete();
  }

  @Override
  public void fail(ApiError error) {
    if (open) {
      write(Json.error(error));
      events.tryEmitComplete();
    } else {
      opening.error(new ApiException(error));
    }
  }
}
