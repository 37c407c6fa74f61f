package io.expertmesh.router.core;

import java.util.BitSet;

/** One lease: a replica process as the router sees it. */
public final class Replica {
  private final ReplicaOffer offer;
  private final BitSet[] experts;
  private ReplicaState state = ReplicaState.CONNECTING;
  private int inFlightPairs;
  private int reportedPairs;

  Replica(ReplicaOffer offer, int layers) {
    this.offer = offer;
    this.experts = new BitSet[layers];
    for (int layer = 0; layer < layers; layer++) {
      experts[layer] = new BitSet();
    }
    offer.experts().forEach((layer, set) -> experts[layer].or(set));
  }

  /** Its identity: unique per process start. */
  public String id() {
    return offer.replicaId();
  }

  /** What it said of itself. */
  public ReplicaOffer offer() {
    return offer;
  }

  /** Where it stands in its life. */
  public ReplicaState state() {
    return state;
  }

  void state(ReplicaState next) {
    state = next;
  }

  /** True if it gets new calls. */
  public boolean live() {
    return state == ReplicaState.LIVE;
  }

  /** True if it hosts an expert. */
  public boolean hosts(int layer, int expert) {
    return experts[layer].get(expert);
  }

  /** Pairs that this router sent it and that are not answered. */
  public int inFlightPairs() {
    return inFlightPairs;
  }

  void addInFlight(int pairs) {
    inFlightPairs += pairs;
  }

  /** Pairs that it last reported to hold, from all routers. */
  public int reportedPairs() {
    return reportedPairs;
  }

  /** Takes a load report. */
  public void report(int pairs) {
    reportedPairs = pairs;
  }

  @Override
  public String toString() {
    return id() + " (" + offer.shard() + ", " + state + ")";
  }
}
