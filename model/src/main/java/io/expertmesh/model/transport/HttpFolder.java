package io.expertmesh.model.transport;

import io.expertmesh.model.core.ByteRanges.Range;
import io.expertmesh.model.core.CheckpointException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.channels.FileChannel;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The files below an address, whole or in parts (RFC 9110, section 14). What fails for the moment
 * is asked again, from the byte that it ended at; what is wrong is refused. May be used by many
 * threads.
 */
final class HttpFolder implements AutoCloseable {
  private static final Set<Integer> LATER = Set.of(408, 425, 429, 500, 502, 503, 504);

  /** S3 says 403 in place of 404 to those who may not list the files. */
  private static final Set<Integer> ABSENT = Set.of(403, 404, 410);

  private final URI base;
  private final Patience patience;
  private final Exchange exchange;

  /**
   * @param base ends with a slash
   */
  HttpFolder(URI base, Patience patience) {
    this.base = base;
    this.patience = patience;
    exchange = new Exchange(patience.silence());
  }

  /** Address of a file. */
  String address(String name) {
    return uri(name).toString();
  }

  private URI uri(String name) {
    try {
      return base.resolve("." + new URI(null, null, "/" + name, null).getRawPath());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Requests that were sent so far. */
  long requests() {
    return exchange.requests();
  }

  /**
   * Fetches a whole file.
   *
   * @param limit bytes that it may have
   * @return false if the server does not have it, or does not show it
   */
  boolean whole(String name, FileChannel to, long limit) throws IOException, InterruptedException {
    AtomicReference<Integer> status = new AtomicReference<>(0);
    for (int failures = 0; ; ) {
      to.truncate(0);
      try {
        exchange.get(
            uri(name),
            "",
            new PositionedSink(to, 0, limit, _ -> {}),
            answer -> {
              status.set(answer.statusCode());
              require(200, name, answer);
            });
        return true;
      } catch (PositionedSink.OverlongException e) {
        throw refusal(name, "has more than " + limit + " bytes");
      } catch (CheckpointException e) {
        if (ABSENT.contains(status.get())) {
          return false;
        }
        throw e;
      } catch (IOException e) {
        again(name, ++failures, e);
      }
    }
  }

  /**
   * Reads the beginning of a file, and learns its length and version.
   *
   * @param to is given the bytes, from position 0
   * @param bytes that are asked for; a shorter file gives fewer
   */
  RemoteFile beginning(String name, FileChannel to, int bytes)
      throws IOException, InterruptedException {
    AtomicReference<@Nullable RemoteFile> found = new AtomicReference<>();
    for (int failures = 0; ; ) {
      to.truncate(0);
      PositionedSink sink = new PositionedSink(to, 0, bytes, _ -> {});
      try {
        exchange.get(
            uri(name), range(0, bytes), sink, answer -> found.set(described(name, 0, answer)));
        RemoteFile file = found.get();
        if (file != null && sink.position() == Math.min(bytes, file.length())) {
          return file;
        }
        throw new IOException("the answer was cut off");
      } catch (PositionedSink.OverlongException e) {
        throw overlong(name);
      } catch (IOException e) {
        again(name, ++failures, e);
      }
    }
  }

  /**
   * Reads a part of a file to its place.
   *
   * @param arrived is told how many bytes more are there
   */
  void part(RemoteFile file, Range range, FileChannel to, LongConsumer arrived)
      throws InterruptedException {
    String name = file.name();
    long at = range.from();
    for (int failures = 0; at < range.to(); ) {
      long from = at;
      PositionedSink sink = new PositionedSink(to, from, range.to(), arrived);
      try {
        exchange.get(
            uri(name),
            range(from, range.to()),
            sink,
            answer -> requireSame(file, described(name, from, answer)));
        at = sink.position();
        if (at == from) {
          throw new IOException("the answer was empty");
        }
        failures = 0;
      } catch (PositionedSink.OverlongException e) {
        throw overlong(name);
      } catch (IOException e) {
        at = sink.position();
        failures = at > from ? 1 : failures + 1;
        again(name, failures, e);
      }
    }
  }

  private static String range(long from, long to) {
    return "bytes=" + from + "-" + (to - 1);
  }

  /** What the answer to a request for a part says about the file. */
  private RemoteFile described(String name, long from, ResponseInfo answer) throws IOException {
    if (answer.statusCode() == 200) {
      throw refusal(
          name,
          "the server sends whole files only (it answered a Range request with 200);"
              + " weights are fetched in parts");
    }
    require(206, name, answer);
    HttpHeaders headers = answer.headers();
    String said = headers.firstValue("Content-Range").orElse("no Content-Range");
    ContentRange range = ContentRange.parse(said);
    if (range == null || range.from() != from) {
      throw refusal(
          name, "was asked for from byte " + from + " on, the server sent '" + said + "'");
    }
    if (headers.firstValue("Content-Encoding").filter(e -> !e.equals("identity")).isPresent()) {
      throw refusal(name, "is sent compressed, which was not asked for");
    }
    String version =
        headers.firstValue("ETag").or(() -> headers.firstValue("Last-Modified")).orElse("");
    return new RemoteFile(name, range.length(), version);
  }

  private void require(int status, String name, ResponseInfo answer) throws IOException {
    int is = answer.statusCode();
    if (LATER.contains(is)) {
      throw new IOException("the server answered " + is);
    }
    if (is / 100 == 3) {
      throw refusal(name, "is redirected (" + is + ") to where it cannot be followed");
    }
    if (is != status) {
      throw refusal(name, "the server answered " + is);
    }
  }

  private void requireSame(RemoteFile before, RemoteFile now) {
    if (!before.equals(now)) {
      throw refusal(
          before.name(),
          "changed while it was fetched, from " + before.told() + " to " + now.told());
    }
  }

  private void again(String name, int failures, IOException e) throws InterruptedException {
    if (e instanceof PositionedSink.DiskException) {
      throw refusal(name, "cannot be written to the disk: " + e.getMessage());
    }
    if (failures >= patience.attempts()) {
      throw refusal(name, "cannot be fetched, " + failures + " attempts failed: " + e.getMessage());
    }
    patience.pause(failures, RandomGenerator.getDefault());
  }

  private CheckpointException overlong(String name) {
    return refusal(name, "the server sends more than it was asked for");
  }

  private CheckpointException refusal(String name, String rule) {
    return new CheckpointException(address(name), rule);
  }

  @Override
  public void close() {
    exchange.close();
  }
}
