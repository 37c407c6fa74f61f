/**
 * Everything of a model that is not a routed expert, as plain objects: scheduling of continuous
 * batches, key-value pages, the forward pass and sampling. Time comes in as an argument and experts
 * are reached through {@link io.expertmesh.attention.core.RoutedLayers}, so that the same code runs
 * behind gRPC, in one process, and under a simulation.
 */
@NullMarked
package io.expertmesh.attention.core;

import org.jspecify.annotations.NullMarked;
