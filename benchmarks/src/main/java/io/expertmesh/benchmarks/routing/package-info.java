/** What one routed layer costs over the network, with every service a process of its own. */
@NullMarked
package io.expertmesh.benchmarks.routing;

import org.jspecify.annotations.NullMarked;
