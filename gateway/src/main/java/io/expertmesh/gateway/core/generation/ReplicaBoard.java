package io.expertmesh.gateway.core.generation;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All attention replicas of this gateway. Thread-safe. */
public final class ReplicaBoard {
  private final List<Replica> replicas;

  public ReplicaBoard(List<Replica> replicas) {
    this.replicas = List.copyOf(replicas);
  }

  /** All of them, usable or not. */
  public List<Replica> replicas() {
    return replicas;
  }

  /** Whether any replica takes work. */
  public boolean usable() {
    return replicas.stream().anyMatch(Replica::usable);
  }

  /** Why none is ready, for people; empty if one is. */
  public String trouble() {
    return replicas.stream().anyMatch(Replica::ready)
        ? ""
        : String.join("; ", replicas.stream().map(Replica::trouble).toList());
  }

  /** What the served model is, from a replica that knows; null while none does. */
  public @Nullable ReplicaDescription description() {
    ReplicaDescription known = null;
    for (Replica replica : replicas) {
      ReplicaDescription description = replica.description();
      if (description != null && (known == null || replica.ready())) {
        known = description;
      }
    }
    return known;
  }

  /**
   * The replica for a new piece of work: ready ones first, then the one with the least in flight.
   *
   * @param like what it must compute like; null = anything
   * @param avoid replicas that failed this request just now
   * @return null if there is none
   */
  @Nullable Replica choose(@Nullable ReplicaDescription like, Set<Replica> avoid) {
    Replica best = null;
    for (Replica replica : replicas) {
      ReplicaDescription description = replica.description();
      boolean fits =
          replica.usable()
              && !avoid.contains(replica)
              && description != null
              && (like == null || description.computesLike(like));
      if (fits && (best == null || better(replica, best))) {
        best = replica;
      }
    }
    return best;
  }

  private static boolean better(Replica one, Replica other) {
    return one.ready() == other.ready() ? one.inFlight() < other.inFlight() : one.ready();
  }
}
