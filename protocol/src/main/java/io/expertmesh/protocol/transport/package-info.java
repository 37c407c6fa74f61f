/** Row messages, their marshaller and the services that carry them. */
@NullMarked
package io.expertmesh.protocol.transport;

import org.jspecify.annotations.NullMarked;
