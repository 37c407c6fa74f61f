/** The attention service on the wire: requests in, tokens out, rows to routers and back. */
@NullMarked
package io.expertmesh.attention.transport;

import org.jspecify.annotations.NullMarked;
