package io.expertmesh.launcher.transport;

import io.expertmesh.launcher.core.LauncherException;
import io.expertmesh.protocol.core.placement.LayerLoads;
import io.expertmesh.protocol.transport.MeshCredentials;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.v1.AssignmentsGrpc;
import io.expertmesh.protocol.v1.LoadsReply;
import io.expertmesh.protocol.v1.LoadsRequest;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Asks the routers on this machine how many tokens each expert has had. */
public final class RouterLoads {
  private static final long ANSWER_SECONDS = 3;

  private RouterLoads() {}

  /**
   * Loads of all routers together, by layer.
   *
   * @param ports loopback ports of the routers
   * @param credentials with which they are asked; closed with this
   * @throws LauncherException if a router does not answer
   */
  public static List<LayerLoads> ask(List<Integer> ports, MeshCredentials credentials) {
    TreeMap<Integer, long[]> tokens = new TreeMap<>();
    MeshNetty netty = new MeshNetty("loads", credentials);
    try {
      for (int port : ports) {
        LoadsReply reply = ask(netty.channel("127.0.0.1", port));
        for (io.expertmesh.protocol.v1.LayerLoads layer : reply.getLayersList()) {
          long[] sums =
              tokens.computeIfAbsent(layer.getLayer(), l -> new long[layer.getTokensCount()]);
          for (int expert = 0; expert < sums.length; expert++) {
            sums[expert] += layer.getTokens(expert);
          }
        }
      }
    } finally {
      netty.close();
      credentials.close();
    }
    List<LayerLoads> loads = new ArrayList<>();
    tokens.forEach((layer, sums) -> loads.add(new LayerLoads(layer, sums)));
    return loads;
  }

  private static LoadsReply ask(ManagedChannel channel) {
    try {
      return AssignmentsGrpc.newBlockingStub(channel)
          .withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS)
          .loads(LoadsRequest.getDefaultInstance());
    } catch (StatusRuntimeException e) {
      throw new LauncherException("A router does not tell its loads: " + e.getStatus(), e);
    } finally {
      channel.shutdownNow();
    }
  }
}
