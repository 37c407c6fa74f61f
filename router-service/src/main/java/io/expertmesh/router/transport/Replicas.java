package io.expertmesh.router.transport;

import io.expertmesh.protocol.core.HostPort;
import io.expertmesh.protocol.transport.MeshNetty;
import io.expertmesh.protocol.transport.RowServices;
import io.expertmesh.router.core.Dispatcher;
import io.expertmesh.router.core.ExpertCall;
import io.expertmesh.router.core.ExpertLink;
import io.expertmesh.router.core.ExpertReply;
import io.expertmesh.router.core.JoinResult;
import io.expertmesh.router.core.Registry;
import io.expertmesh.router.core.Replica;
import io.expertmesh.router.core.ReplicaOffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Leases and connections of all replicas: brings what happens to them to the dispatcher, and its
 * messages to them. A replica counts from the moment its stream is up until its lease or its stream
 * ends, whichever is first.
 */
final class Replicas implements ExpertLink, ConnectionEvents {
  private static final System.Logger LOG = System.getLogger(Replicas.class.getName());

  private final Registry registry;
  private final MeshNetty netty;
  private final LongSupplier nanoClock;
  private final String routerId;
  private final Runnable changed;
  private final Dispatcher dispatcher;
  private final Map<Replica, Member> members = new LinkedHashMap<>();
  private boolean closed;

  /**
   * @param dispatcherOf makes the dispatcher that this is the link of
   * @param changed told after a replica came or went
   */
  Replicas(
      Registry registry,
      MeshNetty netty,
      LongSupplier nanoClock,
      String routerId,
      Function<ExpertLink, Dispatcher> dispatcherOf,
      Runnable changed) {
    this.registry = registry;
    this.netty = netty;
    this.nanoClock = nanoClock;
    this.routerId = routerId;
    this.changed = changed;
    this.dispatcher = dispatcherOf.apply(this);
  }

  Dispatcher dispatcher() {
    return dispatcher;
  }

  String routerId() {
    return routerId;
  }

  /** Decides on an offer. */
  JoinResult join(ReplicaOffer offer, Lease lease) {
    if (closed) {
      return new JoinResult.Rejected("this router is shutting down");
    }
    HostPort address = HostPort.parse(offer.address()).orElse(null);
    if (address == null) {
      return new JoinResult.Rejected("address is '" + offer.address() + "', " + HostPort.FORM);
    }
    JoinResult result = registry.join(offer);
    switch (result) {
      case JoinResult.Rejected(String reason) ->
          LOG.log(
              System.Logger.Level.WARNING,
              "Rejected replica "
                  + offer.replicaId()
                  + " of shard "
                  + offer.shard()
                  + ": "
                  + reason);
      case JoinResult.Accepted accepted -> {
        accepted.replaced().ifPresent(old -> lost(old, "it joined again"));
        Replica replica = accepted.replica();
        ExpertConnection connection =
            new ExpertConnection(
                replica,
                registry.model(),
                netty.channel(address.host(), address.port()),
                this,
                netty.executor(),
                nanoClock);
        members.put(replica, new Member(lease, connection));
      }
    }
    return result;
  }

  /** Dials a replica that was accepted. */
  void connect(Replica replica) {
    Member member = members.get(replica);
    if (member != null) {
      member.connection.open();
    }
  }

  void leaving(Replica replica) {
    LOG.log(System.Logger.Level.INFO, "Replica " + replica + " leaves");
    dispatcher.replicaLeaving(replica);
    changed.run();
  }

  /** Ends whatever there is of a replica, and sends its rows elsewhere. */
  void lost(Replica replica, String reason) {
    Member member = members.remove(replica);
    if (member == null) {
      return;
    }
    LOG.log(System.Logger.Level.INFO, "Lost replica " + replica + ": " + reason);
    // first the rows, then the formalities
    dispatcher.replicaLost(replica);
    member.connection.close(reason);
    member.lease.eject(reason);
    changed.run();
  }

  @Override
  public void send(ExpertCall call) {
    Member member = members.get(call.replica());
    if (member != null) {
      member.connection.send(call);
    }
  }

  @Override
  public void release(float[] rows) {
    RowServices.BUFFERS.give(rows);
  }

  @Override
  public void ejected(Replica replica, String reason) {
    LOG.log(System.Logger.Level.WARNING, "Ejected replica " + replica + ": it " + reason);
    lost(replica, reason);
  }

  @Override
  public void connected(Replica replica) {
    LOG.log(
        System.Logger.Level.INFO,
        "Replica " + replica.id() + " of shard " + replica.offer().shard() + " joined");
    dispatcher.replicaJoined(replica);
    changed.run();
  }

  @Override
  public void replied(Replica replica, long id, ExpertReply reply) {
    dispatcher.reply(replica, id, reply);
  }

  @Override
  public void disconnected(Replica replica, String reason) {
    lost(replica, reason);
  }

  /** Ends all leases and connections. */
  void close() {
    closed = true;
    List<Replica> all = new ArrayList<>(members.keySet());
    all.forEach(replica -> lost(replica, "this router is shutting down"));
  }

  private record Member(Lease lease, ExpertConnection connection) {}
}
