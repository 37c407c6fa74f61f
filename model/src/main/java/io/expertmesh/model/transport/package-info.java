/** Checkpoints that are fetched over HTTP, as much of them as a service needs. */
@NullMarked
package io.expertmesh.model.transport;

import org.jspecify.annotations.NullMarked;
