package io.expertmesh.render.core;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;

/**
 * Memory and processors of pods, from what they hold. Weights lie outside of the heap, packed, once
 * as they are stored; the mapped file is only read while they are packed, and its pages count as
 * cache.
 */
final class Sizes {
  private static final long MIB = 1L << 20;

  /** Heap, code, threads and network buffers of a JVM that computes. */
  private static final long PROCESS = 768 * MIB;

  /** What packing pads, and what a step needs besides. */
  private static final double SPARE = 1.1;

  /** Room above the request before a pod is ended, for bursts of buffers and the file's pages. */
  private static final double LIMIT = 1.25;

  private Sizes() {}

  /** Mebibytes that a pod with so many bytes of weights and caches asks for. */
  static long request(long bytes) {
    return (long) Math.ceil((PROCESS + bytes * SPARE) / MIB);
  }

  /**
   * Requests and limits. Processors are not limited: a limit only holds up a pod whose neighbours
   * are idle.
   *
   * @param bytes of weights and caches
   */
  static ResourceRequirements of(long bytes, int cpus, NodePool pool) {
    long request = request(bytes);
    ResourceRequirementsBuilder resources =
        new ResourceRequirementsBuilder()
            .addToRequests("cpu", new Quantity(Integer.toString(cpus)))
            .addToRequests("memory", mebibytes(request))
            .addToLimits("memory", mebibytes((long) Math.ceil(request * LIMIT)));
    return switch (pool) {
      case CPU -> resources.build();
      case GPU -> resources.addToLimits("nvidia.com/gpu", new Quantity("1")).build();
    };
  }

  private static Quantity mebibytes(long count) {
    return new Quantity(count + "Mi");
  }
}
