/** Whole-system benchmarks: the mesh as processes beside the same engine in one process. */
@NullMarked
package io.expertmesh.benchmarks.mesh;

import org.jspecify.annotations.NullMarked;
