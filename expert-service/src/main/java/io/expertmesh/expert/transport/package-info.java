/** The Expert service over gRPC, and the leases that a replica holds at routers. */
@NullMarked
package io.expertmesh.expert.transport;

import org.jspecify.annotations.NullMarked;
