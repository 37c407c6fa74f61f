package io.expertmesh.protocol.transport;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.InputStream;

/**
 * What a server received: a message, or the reason why it was none. A marshaller that throws makes
 * grpc-java end the call with UNKNOWN and hide the reason, so on the server the reason travels one
 * step further and ends the call with its own status.
 */
sealed interface ReceivedRows<H extends Message> {
  record Whole<H extends Message>(RowMessage<H> message) implements ReceivedRows<H> {}

  record Broken<H extends Message>(StatusRuntimeException reason) implements ReceivedRows<H> {}

  /** A marshaller for servers. */
  static <H extends Message> MethodDescriptor.Marshaller<ReceivedRows<H>> marshaller(
      MethodDescriptor.Marshaller<RowMessage<H>> rows) {
    return new MethodDescriptor.Marshaller<>() {
      @Override
      public InputStream stream(ReceivedRows<H> value) {
        return switch (value) {
          case Whole<H> whole -> rows.stream(whole.message());
          case Broken<H> broken -> throw broken.reason();
        };
      }

      @Override
      public ReceivedRows<H> parse(InputStream stream) {
        try {
          return new Whole<>(rows.parse(stream));
        } catch (StatusRuntimeException e) {
          return new Broken<>(e);
        }
      }
    };
  }

  /** A method that ends the call at the first broken message. */
  static <H extends Message, B> ServerCalls.BidiStreamingMethod<ReceivedRows<H>, B> method(
      ServerCalls.BidiStreamingMethod<RowMessage<H>, B> implementation) {
    return replies -> new Unwrapping<>(implementation.invoke(replies), replies);
  }

  /** Hands whole messages on. */
  final class Unwrapping<H extends Message, B> implements StreamObserver<ReceivedRows<H>> {
    private final StreamObserver<RowMessage<H>> requests;
    private final StreamObserver<B> replies;
    private boolean ended;

    private Unwrapping(StreamObserver<RowMessage<H>> requests, StreamObserver<B> replies) {
      this.requests = requests;
      this.replies = replies;
    }

    @Override
    public void onNext(ReceivedRows<H> value) {
      if (ended) {
        return;
      }
      switch (value) {
        case Whole<H> whole -> requests.onNext(whole.message());
        case Broken<H> broken -> {
          ended = true;
          requests.onError(broken.reason());
          replies.onError(broken.reason());
        }
      }
    }

    @Override
    public void onError(Throwable failure) {
      if (!ended) {
        ended = true;
        requests.onError(failure);
      }
    }

    @Override
    public void onCompleted() {
      if (!ended) {
        ended = true;
        requests.onCompleted();
      }
    }
  }
}
