package io.expertmesh.protocol.transport;

import com.google.protobuf.Message;
import io.expertmesh.protocol.v1.ExpertGrpc;
import io.expertmesh.protocol.v1.ExpertReply;
import io.expertmesh.protocol.v1.ExpertRequest;
import io.expertmesh.protocol.v1.RoutedLayerGrpc;
import io.expertmesh.protocol.v1.RoutedReply;
import io.expertmesh.protocol.v1.RoutedRequest;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCalls;
import java.util.ArrayList;
import java.util.List;

/**
 * The methods that carry rows, with {@link RowMarshaller} in place of the generated one. Names and
 * schemas are those of the generated methods, so reflection and generated clients still work.
 */
public final class RowServices {
  /** How often a message of this process took the slow way. */
  public static final RowFallbacks FALLBACKS = new RowFallbacks();

  /**
   * Where the arrays of received messages come from, and may go when they are not read any more.
   */
  public static final RowBuffers BUFFERS = new RowBuffers();

  /** {@code expertmesh.v1.Expert/Compute}. */
  public static final MethodDescriptor<RowMessage<ExpertRequest>, RowMessage<ExpertReply>> COMPUTE =
      ExpertGrpc.getComputeMethod().toBuilder(expertRequests(FALLBACKS), expertReplies(FALLBACKS))
          .build();

  /** {@code expertmesh.v1.RoutedLayer/Route}. */
  public static final MethodDescriptor<RowMessage<RoutedRequest>, RowMessage<RoutedReply>> ROUTE =
      RoutedLayerGrpc.getRouteMethod().toBuilder(
              routedRequests(FALLBACKS), routedReplies(FALLBACKS))
          .build();

  private RowServices() {}

  /** The Expert service. */
  public static BindableService expert(
      ServerCalls.BidiStreamingMethod<RowMessage<ExpertRequest>, RowMessage<ExpertReply>> compute) {
    return () -> swap(new ExpertGrpc.ExpertImplBase() {}.bindService(), COMPUTE, compute);
  }

  /**
   * The RoutedLayer service.
   *
   * @param others implementation of its other methods
   */
  public static BindableService routedLayer(
      RoutedLayerGrpc.RoutedLayerImplBase others,
      ServerCalls.BidiStreamingMethod<RowMessage<RoutedRequest>, RowMessage<RoutedReply>> route) {
    return () -> swap(others.bindService(), ROUTE, route);
  }

  static RowMarshaller<ExpertRequest> expertRequests(RowFallbacks fallbacks) {
    return marshaller(
        new RowShape<>(
            "ExpertRequest",
            ExpertRequest.parser(),
            ExpertRequest::getRowCount,
            ExpertRequest::getWidth,
            ExpertRequest::getDtype),
        fallbacks);
  }

  static RowMarshaller<ExpertReply> expertReplies(RowFallbacks fallbacks) {
    return marshaller(
        new RowShape<>(
            "ExpertReply",
            ExpertReply.parser(),
            ExpertReply::getRowCount,
            ExpertReply::getWidth,
            ExpertReply::getDtype),
        fallbacks);
  }

  static RowMarshaller<RoutedRequest> routedRequests(RowFallbacks fallbacks) {
    return marshaller(
        new RowShape<>(
            "RoutedRequest",
            RoutedRequest.parser(),
            RoutedRequest::getRowCount,
            RoutedRequest::getWidth,
            RoutedRequest::getDtype),
        fallbacks);
  }

  static RowMarshaller<RoutedReply> routedReplies(RowFallbacks fallbacks) {
    return marshaller(
        new RowShape<>(
            "RoutedReply",
            RoutedReply.parser(),
            RoutedReply::getRowCount,
            RoutedReply::getWidth,
            RoutedReply::getDtype),
        fallbacks);
  }

  private static <H extends Message> RowMarshaller<H> marshaller(
      RowShape<H> shape, RowFallbacks fallbacks) {
    return new RowMarshaller<>(shape, fallbacks, BUFFERS);
  }

  /** A service whose one method is replaced, and whose other methods and schema are kept. */
  private static <H extends Message, B> ServerServiceDefinition swap(
      ServerServiceDefinition generated,
      MethodDescriptor<RowMessage<H>, B> method,
      ServerCalls.BidiStreamingMethod<RowMessage<H>, B> implementation) {
    MethodDescriptor<ReceivedRows<H>, B> received =
        method.toBuilder(
                ReceivedRows.marshaller(method.getRequestMarshaller()),
                method.getResponseMarshaller())
            .build();
    List<ServerMethodDefinition<?, ?>> others = new ArrayList<>(generated.getMethods());
    others.removeIf(
        other ->
            other.getMethodDescriptor().getFullMethodName().equals(method.getFullMethodName()));
    ServiceDescriptor schema = generated.getServiceDescriptor();
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(schema.getName())
            .setSchemaDescriptor(schema.getSchemaDescriptor())
            .addMethod(received);
    others.forEach(other -> descriptor.addMethod(other.getMethodDescriptor()));
    ServerServiceDefinition.Builder service =
        ServerServiceDefinition.builder(descriptor.build())
            .addMethod(
                received, ServerCalls.asyncBidiStreamingCall(ReceivedRows.method(implementation)));
    others.forEach(service::addMethod);
    return service.build();
  }
}
