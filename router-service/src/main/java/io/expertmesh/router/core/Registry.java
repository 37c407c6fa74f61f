package io.expertmesh.router.core;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The replicas that hold a lease, and which live ones host each expert. Validates who joins: all
 * replicas serve the same weights in the same numerics class, for as long as the router runs, so
 * that a request never changes its class.
 */
public final class Registry {
  private static final Replica[] NOBODY = {};

  private final RoutedModel model;
  private final Map<String, Replica> replicas = new LinkedHashMap<>();
  private final Replica[][][] hosts;
  private final ParkedRows parked;
  private String numericsClass = "";

  /** A registry without replicas. */
  public Registry(RoutedModel model) {
    this.model = model;
    this.hosts = new Replica[model.layers()][][];
    this.parked = new ParkedRows(model);
    rebuild();
  }

  /** The model that replicas must serve. */
  public RoutedModel model() {
    return model;
  }

  /** Class of the first replica that was accepted, which all others must have; empty before. */
  public String numericsClass() {
    return numericsClass;
  }

  /** Checks an offer and grants the lease. */
  public JoinResult join(ReplicaOffer offer) {
    String reason = objection(offer);
    if (reason != null) {
      return new JoinResult.Rejected(reason);
    }
    numericsClass = offer.numericsClass();
    Replica replica = new Replica(offer, model.layers());
    Replica old = replicas.put(offer.replicaId(), replica);
    parked.joined(offer);
    rebuild();
    return new JoinResult.Accepted(replica, Optional.ofNullable(old));
  }

  private @Nullable String objection(ReplicaOffer offer) {
    if (offer.replicaId().isEmpty()) {
      return "replica_id is empty";
    }
    if (!offer.modelId().equals(model.modelId())) {
      return "model_id is '%s', this router serves '%s'"
          .formatted(offer.modelId(), model.modelId());
    }
    if (offer.weightsVersion() != model.weightsVersion()) {
      return "weights_version is %s, this router serves %s of model '%s'"
          .formatted(hex(offer.weightsVersion()), hex(model.weightsVersion()), model.modelId());
    }
    if (offer.width() != model.width()) {
      return "width is %d, the model's rows have %d values".formatted(offer.width(), model.width());
    }
    if (offer.dtype() != model.activations()) {
      return "dtype is %s, this router exchanges rows as %s"
          .formatted(offer.dtype(), model.activations());
    }
    if (offer.numericsClass().isEmpty()) {
      return "numerics_class is empty";
    }
    if (!numericsClass.isEmpty() && !offer.numericsClass().equals(numericsClass)) {
      return "numerics_class is '%s', the replicas of this router have '%s'"
          .formatted(offer.numericsClass(), numericsClass);
    }
    return expertsObjection(offer);
  }

  private @Nullable String expertsObjection(ReplicaOffer offer) {
    int total = 0;
    for (Map.Entry<Integer, BitSet> entry : offer.experts().entrySet()) {
      int layer = entry.getKey();
      int count = model.expertsOf(layer);
      if (count == 0) {
        return "experts names layer %d, which is not a routed layer of the model".formatted(layer);
      }
      if (entry.getValue().length() > count) {
        return "experts names expert %d of layer %d, which has experts 0 to %d"
            .formatted(entry.getValue().length() - 1, layer, count - 1);
      }
      total += entry.getValue().cardinality();
    }
    return total == 0 ? "experts is empty" : null;
  }

  /** Moves a replica to a state; LOST and EJECTED end its place in the registry. */
  void move(Replica replica, ReplicaState state) {
    replica.state(state);
    if (state == ReplicaState.LOST || state == ReplicaState.EJECTED) {
      replicas.remove(replica.id(), replica);
    }
    rebuild();
  }

  /** Live replicas that host an expert. The array must not be changed. */
  Replica[] hosts(int layer, int expert) {
    return hosts[layer][expert];
  }

  /** All replicas with a lease, in order of joining. */
  public List<Replica> replicas() {
    return List.copyOf(replicas.values());
  }

  /** Rows of an expert were turned away, because nobody is left who could compute them. */
  void park(int layer, int expert, int rows) {
    parked.add(layer, expert, rows);
  }

  /** The rows that were turned away since the last call, by shard. May be called by any thread. */
  public Map<String, Long> takeParked() {
    return parked.take();
  }

  /** True if every expert of every routed layer has a live replica. */
  public boolean ready() {
    for (Replica[][] layer : hosts) {
      for (Replica[] expert : layer) {
        if (expert.length == 0) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * How many experts have no live replica and which is the first, as "4 of 48 experts, first layer
   * 3 expert 5"; empty if none.
   */
  public String missing() {
    String first = "";
    int missing = 0;
    int all = 0;
    for (int layer = 0; layer < hosts.length; layer++) {
      for (int expert = 0; expert < hosts[layer].length; expert++) {
        all++;
        if (hosts[layer][expert].length == 0 && missing++ == 0) {
          first = expertName(layer, expert);
        }
      }
    }
    return missing == 0 ? "" : "%d of %d experts, first %s".formatted(missing, all, first);
  }

  static String expertName(int layer, int expert) {
    return "layer " + layer + " expert " + expert;
  }

  private void rebuild() {
    for (int layer = 0; layer < hosts.length; layer++) {
      hosts[layer] = new Replica[model.expertsOf(layer)][];
      for (int expert = 0; expert < hosts[layer].length; expert++) {
        List<Replica> found = new ArrayList<>();
        for (Replica replica : replicas.values()) {
          if (replica.live() && replica.hosts(layer, expert)) {
            found.add(replica);
          }
        }
        hosts[layer][expert] = found.isEmpty() ? NOBODY : found.toArray(NOBODY);
      }
    }
  }

  private static String hex(long version) {
    return HexFormat.of().toHexDigits(version);
  }
}
