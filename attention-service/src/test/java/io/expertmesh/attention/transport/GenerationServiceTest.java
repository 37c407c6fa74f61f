package io.expertmesh.attention.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.attention.core.AttentionStack;
import io.expertmesh.attention.core.EngineSettings;
import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.trace.Tracing;
import io.expertmesh.protocol.transport.GrpcErrors;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.v1.GenerateEvent;
import io.expertmesh.protocol.v1.GenerateRequest;
import io.expertmesh.protocol.v1.GenerationGrpc;
import io.expertmesh.protocol.v1.ModelDescription;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The Generation service over real sockets, on a dense model that needs no router. */
class GenerationServiceTest {
  private final MeshNetty netty = new MeshNetty("test-net");
  private final ComputePool pool = ComputePools.of(1);
  private final Checkpoint checkpoint =
      Checkpoints.open(Path.of("../model/src/test/resources/golden/llama-dense"));
  private final AttentionStack stack =
      AttentionStack.open(
          checkpoint,
          KernelProviders.select("vector", DType.F32).kernels(),
          pool,
          EngineSettings.defaults(checkpoint.spec(), DType.F32),
          batch -> {
            throw new IllegalStateException("layer " + batch.layer() + " is not routed");
          },
          (_, _) -> {},
          _ -> {});
  private final GenerationService service =
      new GenerationService(
          netty.executor(),
          ModelDescription::getDefaultInstance,
          TimeUnit.SECONDS.toNanos(60),
          Tracing.off());
  private Server server;
  private ManagedChannel channel;
  private GenerationGrpc.GenerationBlockingStub stub;

  @BeforeEach
  void start() throws Exception {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    netty.customise(builder);
    server = builder.addService(service).build().start();
    channel = netty.channel("127.0.0.1", server.getPort());
    stub = GenerationGrpc.newBlockingStub(channel);
    stack.engine().start();
    service.serve(stack.engine());
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.shutdownNow();
    stack.close();
    netty.close();
    pool.close();
    checkpoint.close();
  }

  @Test
  void tokensStreamAndTheCallEndsWithOneFinished() {
    List<GenerateEvent> events = all(request(20).setLogprobs(2).build());
    assertThat(events).hasSize(21);
    assertThat(events.subList(0, 20))
        .allSatisfy(event -> assertThat(event.getToken().getTopCount()).isEqualTo(2));
    assertThat(events.getLast().getFinished().getCompletionTokens()).isEqualTo(20);
  }

  @Test
  void promptScoresAreSplitIntoMessages() {
    GenerateRequest.Builder request = request(0).setPromptLogprobs(320).clearPromptIds();
    IntStream.range(0, 250).forEach(i -> request.addPromptIds(i));
    List<GenerateEvent> events = all(request.build());
    int next = 0;
    for (GenerateEvent event : events.subList(0, events.size() - 1)) {
      assertThat(event.getPrompt().getFirstPosition()).isEqualTo(next);
      assertThat(event.getSerializedSize()).isLessThan(1 << 20);
      next += event.getPrompt().getTokensCount();
    }
    assertThat(next).isEqualTo(250);
    assertThat(events).hasSizeGreaterThan(3);
  }

  @Test
  void aBadFieldIsNamedWithItsLimit() {
    assertThatThrownBy(() -> all(request(5).addPromptIds(320).build()))
        .satisfies(
            e -> assertThat(GrpcErrors.fromGrpc(e).code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
        .hasMessageContaining("prompt_ids holds token id 320")
        .hasMessageContaining("vocabulary size of 320");
    assertThatThrownBy(() -> all(request(1000).build()))
        .satisfies(
            e ->
                assertThat(GrpcErrors.fromGrpc(e).code())
                    .isEqualTo(ErrorCode.CONTEXT_LENGTH_EXCEEDED));
    assertThat(all(request(1).build())).hasSize(2);
  }

  @Test
  void aCallerThatLeavesFreesThePages() {
    Context.CancellableContext context = Context.current().withCancellation();
    context.run(
        () -> {
          Iterator<GenerateEvent> events = stub.generate(request(200).build());
          assertThat(events.next().hasToken()).isTrue();
        });
    context.cancel(null);
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (stack.engine().admitted() + stack.engine().waiting() + stack.pages().inUse() > 0) {
      assertThat(System.nanoTime()).as("gave up waiting").isLessThan(limit);
      Thread.onSpinWait();
    }
  }

  @Test
  void drainingFinishesWhatWasTakenAndTakesNothingNew() throws Exception {
    Iterator<GenerateEvent> events = stub.generate(request(100).build());
    assertThat(events.next().hasToken()).isTrue();
    assertThat(stack.engine().drain(TimeUnit.SECONDS.toNanos(20))).isTrue();
    int tokens = 1;
    while (events.next().hasToken()) {
      tokens++;
    }
    assertThat(tokens).isEqualTo(100);
    assertThatThrownBy(() -> all(request(1).build()))
        .satisfies(
            e ->
                assertThat(GrpcErrors.fromGrpc(e).code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE));
  }

  private List<GenerateEvent> all(GenerateRequest request) {
    List<GenerateEvent> events = new java.util.ArrayList<>();
    stub.generate(request).forEachRemaining(events::add);
    return events;
  }

  private static GenerateRequest.Builder request(int maxTokens) {
    return GenerateRequest.newBuilder()
        .setRequestId("test")
        .addAllPromptIds(List.of(5, 6, 7))
        .setMaxTokens(maxTokens)
        .setIgnoreEos(true);
  }
}
