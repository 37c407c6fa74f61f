package io.expertmesh.router.core;

import io.expertmesh.model.kernel.DType;
import java.util.BitSet;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a replica says of itself when it asks for a lease.
 *
 * @param replicaId unique per process start
 * @param shard name of its set of experts
 * @param address host:port of its service
 * @param modelId model that it serves
 * @param weightsVersion version of its weights
 * @param numericsClass what the bits of its results depend on
 * @param width floats per row
 * @param dtype type of rows on the wire
 * @param experts experts by layer
 */
public record ReplicaOffer(
    String replicaId,
    String shard,
    String address,
    String modelId,
    long weightsVersion,
    String numericsClass,
    int width,
    DType dtype,
    SortedMap<Integer, BitSet> experts) {
  public ReplicaOffer {
    Objects.requireNonNull(replicaId, "replicaId");
    Objects.requireNonNull(shard, "shard");
    Objects.requireNonNull(address, "address");
    Objects.requireNonNull(modelId, "modelId");
    Objects.requireNonNull(numericsClass, "numericsClass");
    Objects.requireNonNull(dtype, "dtype");
    experts = new TreeMap<>(experts);
  }
}
