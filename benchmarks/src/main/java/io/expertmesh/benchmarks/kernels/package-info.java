/** Benchmarks of the numeric kernels. */
@NullMarked
package io.expertmesh.benchmarks.kernels;

import org.jspecify.annotations.NullMarked;
