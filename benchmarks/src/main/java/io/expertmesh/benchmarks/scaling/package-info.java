/** What telemetry and scaling cost. */
@NullMarked
package io.expertmesh.benchmarks.scaling;

import org.jspecify.annotations.NullMarked;
