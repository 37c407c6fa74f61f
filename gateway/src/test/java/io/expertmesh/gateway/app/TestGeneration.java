package io.expertmesh.gateway.app;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.transport.GrpcErrors;
import io.expertmesh.protocol.v1.DescribeRequest;
import io.expertmesh.protocol.v1.GenerateEvent;
import io.expertmesh.protocol.v1.GenerateRequest;
import io.expertmesh.protocol.v1.GenerationGrpc;
import io.expertmesh.protocol.v1.ModelDescription;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * An attention-service of a handful of rules behind real gRPC: the next token depends on prompt,
 * seed and position only, or follows a script.
 */
final class TestGeneration extends GenerationGrpc.GenerationImplBase implements AutoCloseable {
  static final int VOCAB = 4096;
  static final int CONTEXT = 2048;

  final List<GenerateRequest> requests = new CopyOnWriteArrayList<>();
  final BlockingQueue<Long> cancelledAtNanos = new LinkedBlockingQueue<>();
  final BlockingQueue<Integer> pausedAt = new LinkedBlockingQueue<>();
  volatile int[] script = {};
  volatile long delayMillis;
  volatile int pauseAfter = Integer.MAX_VALUE;
  volatile boolean ready = true;
  volatile boolean waits;
  volatile int context = CONTEXT;
  volatile boolean dense;

  /** Questions for its description that it leaves without an answer, from now on. */
  final AtomicInteger unanswered = new AtomicInteger();

  volatile @Nullable MeshException refusal;

  private final ScheduledExecutorService pace = Executors.newSingleThreadScheduledExecutor();
  private final String modelId;
  private final Server server;

  TestGeneration(String modelId) throws IOException {
    this.modelId = modelId;
    this.server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .permitKeepAliveWithoutCalls(true)
            .addService(this)
            .build()
            .start();
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  /** Ends as a killed process does: every call breaks off. */
  void kill() {
    server.shutdownNow();
  }

  /** Back to the behaviour of a new one. */
  void reset() {
    requests.clear();
    cancelledAtNanos.clear();
    pausedAt.clear();
    script = new int[0];
    delayMillis = 0;
    pauseAfter = Integer.MAX_VALUE;
    ready = true;
    waits = false;
    context = CONTEXT;
    dense = false;
    refusal = null;
  }

  /** The token at a position of the answer, as every replica computes it. */
  static int tokenAt(GenerateRequest request, int position) {
    int promptLength = request.getPromptIdsCount() - request.getGenerated();
    long state = request.getSampling().getSeed() * 31 + position;
    for (int i = 0; i < promptLength; i++) {
      state = state * 6364136223846793005L + request.getPromptIds(i) + 1442695040888963407L;
    }
    return (int) Long.remainderUnsigned(state ^ (state >>> 29), VOCAB - 2) + 2;
  }

  @Override
  public void describe(DescribeRequest request, StreamObserver<ModelDescription> observer) {
    if (unanswered.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      return;
    }
    observer.onNext(
        ModelDescription.newBuilder()
            .setModelId(modelId)
            .setWeightsVersion(7)
            .setNumericsClass("test")
            .setVocabSize(VOCAB)
            .setMaxContext(context)
            .addEosTokenIds(0)
            .setReady(ready)
            .setWaitsForExperts(waits)
            .setNotReadyReason(ready ? "" : "layer 3 expert 5 has no replica")
            .setMaxLogprobs(VOCAB)
            .addAllRoutedLayers(dense ? List.of() : TestRouting.LAYERS)
            .build());
    observer.onCompleted();
  }

  @Override
  public void generate(GenerateRequest request, StreamObserver<GenerateEvent> observer) {
    requests.add(request);
    ServerCallStreamObserver<GenerateEvent> call =
        (ServerCallStreamObserver<GenerateEvent>) observer;
    TestSequence sequence = new TestSequence(this, request, call);
    call.setOnCancelHandler(() -> cancelledAtNanos.add(System.nanoTime()));
    call.setOnReadyHandler(() -> pace.execute(sequence));
    MeshException refused = refusal;
    if (refused != null) {
      call.onError(GrpcErrors.toGrpc(refused));
    }
  }

  @CanIgnoreReturnValue
  Future<?> later(Runnable task, long millis) {
    return pace.schedule(task, millis, TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    server.shutdownNow();
    pace.shutdownNow();
  }
}
