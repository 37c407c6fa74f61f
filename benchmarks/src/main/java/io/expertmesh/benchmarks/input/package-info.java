/** How fast a running gateway refuses what it cannot serve. */
@NullMarked
package io.expertmesh.benchmarks.input;

import org.jspecify.annotations.NullMarked;
