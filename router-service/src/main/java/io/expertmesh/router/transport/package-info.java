/**
 * The router's gRPC side. Everything runs on one event loop: callers' streams, leases, connections
 * to replicas and the dispatcher between them.
 */
@NullMarked
package io.expertmesh.router.transport;

import org.jspecify.annotations.NullMarked;
