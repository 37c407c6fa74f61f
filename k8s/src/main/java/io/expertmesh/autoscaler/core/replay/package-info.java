/** A day of load, run through the autoscaler under a simulated clock. */
@NullMarked
package io.expertmesh.autoscaler.core.replay;

import org.jspecify.annotations.NullMarked;
