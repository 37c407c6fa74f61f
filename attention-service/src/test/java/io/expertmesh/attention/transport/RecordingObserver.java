package io.expertmesh.attention.transport;

import io.expertmesh.protocol.v1.GenerateEvent;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.List;

/** The client's side of a call, as seen from the server, on one thread. */
final class RecordingObserver extends ServerCallStreamObserver<GenerateEvent> {
  /** What the client was told: cases of events, "completed", or the text of a failure. */
  final List<String> told = new ArrayList<>();

  /** Whether there is room for a message. */
  boolean ready = true;

  private Runnable asked = () -> {};

  /** Something that happens when the call next asks for room. */
  void whenAsked(Runnable event) {
    asked = event;
  }

  @Override
  public boolean isReady() {
    Runnable event = asked;
    asked = () -> {};
    event.run();
    return ready;
  }

  @Override
  public void onNext(GenerateEvent event) {
    told.add(event.getEventCase().name());
  }

  @Override
  public void onError(Throwable failure) {
    told.add(failure.toString());
  }

  @Override
  public void onCompleted() {
    told.add("completed");
  }

  @Override
  public boolean isCancelled() {
    return false;
  }

  @Override
  public void setOnCancelHandler(Runnable handler) {}

  @Override
  public void setCompression(String compression) {}

  @Override
  public void setOnReadyHandler(Runnable handler) {}

  @Override
  public void request(int count) {}

  @Override
  public void setMessageCompression(boolean enable) {}

  @Override
  public void disableAutoInboundFlowControl() {}
}
