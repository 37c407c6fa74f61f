/**
 * The router as pure state machines: gates, registry of replicas, dispatch to them and combination
 * of what they answer. Clock, randomness and transport are injected; everything here belongs to one
 * thread.
 */
@NullMarked
package io.expertmesh.router.core;

import org.jspecify.annotations.NullMarked;
