/**
 * The mesh's state machines composed on one thread under a virtual clock: engines, routers and
 * replicas whose messages, faults and timings come from one seed, checked after every event.
 */
@NullMarked
package io.expertmesh.tests.simulation;

import org.jspecify.annotations.NullMarked;
