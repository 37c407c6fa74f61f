/** Talks to running services: introspection over gRPC, the REST API over HTTP. */
@NullMarked
package io.expertmesh.launcher.transport;

import org.jspecify.annotations.NullMarked;
