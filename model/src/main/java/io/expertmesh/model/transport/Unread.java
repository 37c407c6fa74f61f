package io.expertmesh.model.transport;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** Hangs up on a body that is not wanted: it may be a whole file of gigabytes. */
final class Unread implements BodySubscriber<Long> {
  private final CompletableFuture<Long> body;

  /**
   * @param reason what the request fails with
   */
  Unread(Exception reason) {
    body = CompletableFuture.failedFuture(reason);
  }

  @Override
  public CompletionStage<Long> getBody() {
    return body;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    subscription.cancel();
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {}

  @Override
  public void onError(Throwable failure) {}

  @Override
  public void onComplete() {}
}
