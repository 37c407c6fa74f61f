/** Tests that the benchmarks run. */
@NullMarked
package io.expertmesh.benchmarks;

import org.jspecify.annotations.NullMarked;
