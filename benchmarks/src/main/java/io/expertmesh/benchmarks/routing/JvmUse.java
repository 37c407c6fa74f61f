package io.expertmesh.benchmarks.routing;

/**
 * What a JVM used.
 *
 * @param allocatedBytes bytes allocated on its heap
 * @param cpuNanos processor time of all its threads, in nanoseconds
 */
record JvmUse(long allocatedBytes, long cpuNanos) {
  static final JvmUse NONE = new JvmUse(0, 0);

  JvmUse plus(JvmUse other) {
    return new JvmUse(allocatedBytes + other.allocatedBytes, cpuNanos + other.cpuNanos);
  }

  JvmUse minus(JvmUse other) {
    return new JvmUse(allocatedBytes - other.allocatedBytes, cpuNanos - other.cpuNanos);
  }
}
