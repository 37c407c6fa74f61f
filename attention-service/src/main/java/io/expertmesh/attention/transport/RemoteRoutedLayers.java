package io.expertmesh.attention.transport;

import io.expertmesh.attention.core.RoutedBatch;
import io.expertmesh.attention.core.RoutedCall;
import io.expertmesh.attention.core.RoutedLayers;
import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.protocol.core.HostPort;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.RowLimits;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.protocol.v1.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Routed blocks computed by routers over gRPC. A batch goes to one router, in messages of at most 1
 * MiB; if that router is lost its unanswered messages go to another one. With no router at all a
 * call fails at once with SERVICE_UNAVAILABLE.
 */
public final class RemoteRoutedLayers implements RoutedLayers, AutoCloseable {
  private static final int POLL_MILLIS = 200;
  private static final int MAX_ATTEMPTS = 4;
  private static final int MAX_ROWS = 8192;
  private static final int ASSIGNMENT_BYTES = RowLimits.MAX_HEADER_BYTES / 2;

  /** Row, index and weight of a choice at most, the first two as varints. */
  private static final int PAIR_BYTES = 9;

  private final Executor loop;
  private final int width;
  private final DType dtype;
  private final int rowsPerMessage;
  private final List<RouterLink> links = new ArrayList<>();
  private final Future<?> polling;
  private float[] lent = {};
  private volatile boolean connected;
  private volatile boolean covered;
  private volatile String detail = "no router has answered yet";

  /**
   * Starts to look for the routers.
   *
   * @param netty event loop of the process
   * @param addresses of the routers
   * @param identity what a router must be
   * @param width floats of a row
   * @param activations element type on the wire, F32 or BF16
   */
  public RemoteRoutedLayers(
      MeshNetty netty,
      List<HostPort> addresses,
      RouterIdentity identity,
      int width,
      io.expertmesh.model.kernel.DType activations) {
    this.loop = netty.executor();
    this.width = width;
    this.dtype = wireType(activations);
    this.rowsPerMessage = Math.min(MAX_ROWS, RowLimits.maxRows(width, activations.bytes()));
    for (HostPort address : addresses) {
      links.add(
          new RouterLink(
              address.toString(),
              netty.channel(address.host(), address.port()),
              identity,
              this::send));
    }
    polling = netty.every(POLL_MILLIS, this::poll);
    loop.execute(this::poll);
  }

  /** True if a router of this model is connected, whatever experts it reaches. */
  public boolean connected() {
    return connected;
  }

  /** True if a router that reaches every expert is connected. */
  public boolean covered() {
    return covered;
  }

  /** Why {@link #covered()} is false, for people. */
  public String detail() {
    return detail;
  }

  @Override
  public RoutedCall submit(RoutedBatch batch) {
    RemoteCall call = new RemoteCall(batch, width, parts(batch), this::lent);
    loop.execute(() -> sendAll(call));
    return call;
  }

  @Override
  public int wholeRows(int choices) {
    return rowsPerMessage(choices);
  }

  /** As many as fit into a message, and whose assignments fit into the head of the answer. */
  private int rowsPerMessage(int choices) {
    return choices == 0
        ? rowsPerMessage
        : Math.clamp(ASSIGNMENT_BYTES / ((1 + choices) * PAIR_BYTES), 1, rowsPerMessage);
  }

  private int parts(RoutedBatch batch) {
    int most = rowsPerMessage(batch.choices());
    int parts = 0;
    for (int first = 0; first < batch.rowCount(); first = batch.partEnd(first, most)) {
      parts++;
    }
    return parts;
  }

  /** Rows of one call are used until those of the next are handed out. */
  private void lent(float[] rows) {
    RowServices.BUFFERS.give(lent);
    lent = rows;
  }

  @Override
  public void close() {
    polling.cancel(false);
    loop.execute(() -> links.forEach(RouterLink::close));
  }

  private void poll() {
    links.forEach(RouterLink::poll);
    connected = links.stream().anyMatch(RouterLink::usable);
    covered = links.stream().anyMatch(RouterLink::covered);
    detail = covered ? "" : String.join("; ", links.stream().map(RouterLink::detail).toList());
  }

  private void sendAll(RemoteCall call) {
    RoutedBatch batch = call.batch();
    int most = rowsPerMessage(batch.choices());
    int end;
    for (int first = 0; first < batch.rowCount(); first = end) {
      end = batch.partEnd(first, most);
      send(new RoutedPart(call, first, end - first, width, dtype));
    }
  }

  private void send(RoutedPart part) {
    if (part.call().over()) {
      return;
    }
    RouterLink link = choose();
    if (link == null || part.attempt() > MAX_ATTEMPTS) {
      part.call()
          .fail(
              new MeshException(
                  ErrorCode.SERVICE_UNAVAILABLE,
                  link == null ? "no router is connected: " + describe() : "routers keep failing"));
      return;
    }
    link.send(part);
  }

  private String describe() {
    return String.join("; ", links.stream().map(RouterLink::detail).toList());
  }

  /** Routers that reach every expert first; among equals the one with the fewest rows in flight. */
  private @Nullable RouterLink choose() {
    RouterLink best = null;
    for (RouterLink link : links) {
      if (link.usable() && (best == null || better(link, best))) {
        best = link;
      }
    }
    return best;
  }

  private static boolean better(RouterLink link, RouterLink than) {
    if (link.covered() != than.covered()) {
      return link.covered();
    }
    return link.rowsInFlight() < than.rowsInFlight();
  }

  private static DType wireType(io.expertmesh.model.kernel.DType activations) {
    return switch (activations) {
      case F32 -> DType.DTYPE_F32;
      case BF16 -> DType.DTYPE_BF16;
      case F16 -> throw new IllegalArgumentException("rows do not travel as F16");
    };
  }
}
