/** The attention-service as the gateway sees it: gRPC channels, mapping, polling. */
@NullMarked
package io.expertmesh.gateway.transport.engine;

import org.jspecify.annotations.NullMarked;
