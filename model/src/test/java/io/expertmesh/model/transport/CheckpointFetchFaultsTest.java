package io.expertmesh.model.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.model.core.ByteRanges.Range;
import io.expertmesh.model.core.FetchPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Servers that misbehave while a checkpoint is fetched. */
class CheckpointFetchFaultsTest extends FetchFromServer {
  @Test
  void aServerThatSendsWholeFilesOnlyIsRefusedBeforeItHasSentOne() {
    server.always =
        (exchange, path, range) -> {
          if (range.isEmpty()) {
            return false;
          }
          exchange.sendResponseHeaders(200, Files.size(model.resolve(path)));
          server.send(exchange, 0, 1 << 20);
          return true;
        };
    assertRefused("the server sends whole files only (it answered a Range request with 200)");
  }

  @Test
  void whatIsMissingIsNamed() throws IOException {
    server.always = WeightServer.status(404);
    assertRefused(server.url() + "/config.json: the server does not have it.");
    server.always = only("safetensors ", WeightServer.status(404));
    assertRefused(".safetensors: the server answered 404.");
    server.always = only("safetensors ", WeightServer.status(401));
    assertRefused(".safetensors: the server answered 401.");
  }

  @Test
  void anAnswerThatIsCutOffIsCarriedOnFromItsEnd() {
    AtomicInteger cut = new AtomicInteger();
    server.always =
        (exchange, path, range) -> {
          Range wanted = range(range, path);
          if (wanted.bytes() <= 100_000 || cut.incrementAndGet() % 2 == 0) {
            return false;
          }
          server.headers(exchange, wanted.from(), wanted.to(), Files.size(model.resolve(path)));
          exchange.sendResponseHeaders(206, wanted.bytes());
          server.send(exchange, wanted.from(), wanted.from() + 70_000);
          return true; // and the connection is closed
        };
    fetch(SECOND_EXPERT);
    assertThat(cut.get()).isGreaterThan(3);
    assertThat(server.asked)
        .anyMatch(now -> server.asked.contains(shifted(now, -70_000)) && range(now).from() > 0);
    assertComplete();
  }

  @Test
  void aServerThatIsAwayForAMomentIsAskedAgain() {
    for (int status : List.of(503, 500, 429)) {
      server.once.add(WeightServer.status(status));
    }
    fetch(SECOND_EXPERT);
    assertThat(server.once).isEmpty();
    assertComplete();
  }

  @Test
  void aServerThatStaysAwayIsNamedInTheEnd() {
    server.always = WeightServer.status(503);
    assertRefused("config.json: cannot be fetched, 4 attempts failed: the server answered 503.");
    assertThat(server.asked).hasSize(4);
    server.close();
    assertRefused("config.json: cannot be fetched, 4 attempts failed:");
  }

  @Test
  void aServerThatFallsSilentIsAskedAgain() throws InterruptedException {
    CountDownLatch over = new CountDownLatch(1);
    server.once.add(
        (exchange, path, range) -> {
          Range wanted = range(range, path);
          if (wanted.bytes() <= 100_000) {
            return false;
          }
          server.headers(exchange, wanted.from(), wanted.to(), Files.size(model.resolve(path)));
          exchange.sendResponseHeaders(206, wanted.bytes());
          server.send(exchange, wanted.from(), wanted.from() + 1000);
          await(over);
          return true;
        });
    fetch(SECOND_EXPERT);
    over.countDown();
    assertComplete();
  }

  @Test
  void aPartFromAnotherPlaceIsRefused() {
    server.always =
        only(
            "safetensors ",
            (exchange, path, range) -> {
              Range wanted = range(range, path);
              server.headers(exchange, wanted.from() + 1, wanted.to() + 1, 1 << 30);
              exchange.sendResponseHeaders(206, wanted.bytes());
              server.send(exchange, wanted.from(), wanted.to());
              return true;
            });
    assertRefused("was asked for from byte 0 on, the server sent 'bytes 1-65536/1073741824'.");
    server.always =
        only(
            "safetensors ",
            (exchange, _, _) -> {
              exchange.getResponseHeaders().set("Content-Type", "multipart/byteranges; boundary=x");
              exchange.sendResponseHeaders(206, -1);
              return true;
            });
    assertRefused("was asked for from byte 0 on, the server sent 'no Content-Range'.");
  }

  @Test
  void moreThanWasAskedForIsRefused() {
    server.always =
        only(
            "safetensors ",
            (exchange, path, range) -> {
              Range wanted = range(range, path);
              server.headers(exchange, wanted.from(), wanted.to(), Files.size(model.resolve(path)));
              exchange.sendResponseHeaders(206, 0); // chunked: of any length
              server.send(exchange, wanted.from(), wanted.to() + 1);
              return true;
            });
    assertRefused("the server sends more than it was asked for.");
  }

  @Test
  void aFileThatChangesUnderwayIsRefusedAndFetchedAnewTheNextTime() {
    AtomicInteger parts = new AtomicInteger();
    server.always =
        (exchange, path, range) -> {
          if (range(range, path).bytes() > 100_000 && parts.incrementAndGet() == 2) {
            server.version = "\"2\"";
          }
          return false;
        };
    assertRefused("changed while it was fetched, from ");
    assertNothingIsTakenForComplete();
    server.always = null;
    long before = server.sent.sum();
    fetch(SECOND_EXPERT);
    assertThat(server.sent.sum() - before)
        .isGreaterThanOrEqualTo(FetchPlan.of(model, SECOND_EXPERT).bytes());
    assertComplete();
  }

  @Test
  void aRedirectIsFollowedAndALoopOfThemIsNot() {
    server.once.add(
        (exchange, path, range) -> {
          exchange.getResponseHeaders().set("Location", server.url() + "/" + path + "?moved");
          exchange.sendResponseHeaders(302, -1);
          return true;
        });
    fetch(SECOND_EXPERT);
    assertThat(server.once).isEmpty();
    assertComplete();
    server.always =
        (exchange, path, range) -> {
          exchange.getResponseHeaders().set("Location", server.url() + "/" + path);
          exchange.sendResponseHeaders(302, -1);
          return true;
        };
    assertRefused("config.json");
  }
}
