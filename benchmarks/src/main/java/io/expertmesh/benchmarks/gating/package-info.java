/** What the router's decisions cost. */
@NullMarked
package io.expertmesh.benchmarks.gating;

import org.jspecify.annotations.NullMarked;
