/** Benchmarks of the wire format. */
@NullMarked
package io.expertmesh.benchmarks.protocol;

import org.jspecify.annotations.NullMarked;
