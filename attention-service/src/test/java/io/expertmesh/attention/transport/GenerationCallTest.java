package io.expertmesh.attention.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.attention.core.FinishReason;
import io.expertmesh.attention.core.ScoredToken;
import io.expertmesh.attention.core.TokenEvent;
import io.expertmesh.protocol.core.ErrorCode;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

/** A call beside an engine that goes on while the event loop reads. */
class GenerationCallTest {
  private static final TokenEvent TOKEN = new TokenEvent.Generated(ScoredToken.plain(7));
  private static final TokenEvent FINISHED =
      new TokenEvent.Finished(FinishReason.LENGTH, 3, 0, 1, 0);
  private static final TokenEvent FAILED =
      new TokenEvent.Failed(ErrorCode.EXPERT_UNAVAILABLE, "no expert");

  private final Queue<Runnable> loop = new ArrayDeque<>();
  private final RecordingObserver observer = new RecordingObserver();
  private final GenerationCall call = new GenerationCall(observer, loop::add);

  @Test
  void anEndThatArrivesWhileTheLoopLooksForTokensCompletesTheCall() {
    observer.whenAsked(() -> engine(FINISHED));
    call.drain();
    runLoop();
    assertThat(observer.told).containsExactly("FINISHED", "completed");
  }

  @Test
  void aFailureThatArrivesWhileTheLoopLooksForTokensEndsTheCall() {
    observer.whenAsked(() -> engine(FAILED));
    call.drain();
    runLoop();
    assertThat(observer.told).hasSize(1);
    assertThat(observer.told.getFirst()).contains("no expert");
  }

  @Test
  void tokensWaitForRoomAndTheEndComesAfterThem() {
    observer.ready = false;
    engine(TOKEN);
    engine(FINISHED);
    runLoop();
    assertThat(observer.told).isEmpty();
    observer.ready = true;
    call.drain();
    assertThat(observer.told).containsExactly("TOKEN", "FINISHED", "completed");
  }

  @Test
  void aReaderThatIsCutGetsTheFailureWithoutRoomForIt() {
    observer.whenAsked(() -> engine(TOKEN));
    call.drain();
    observer.ready = false;
    engine(TOKEN);
    engine(new TokenEvent.Failed(ErrorCode.CANCELLED, "cut"));
    runLoop();
    assertThat(observer.told).hasSize(2);
    assertThat(observer.told.getLast()).contains("cut");
  }

  private void engine(TokenEvent event) {
    assertThat(call.outbox().accept(event)).isTrue();
  }

  private void runLoop() {
    List.copyOf(loop).forEach(Runnable::run);
  }
}
