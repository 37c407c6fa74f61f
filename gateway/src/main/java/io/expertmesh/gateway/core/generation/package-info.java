/**
 * One generation on whichever attention replica lives: the port, the choice of a replica,
 * resumption.
 */
@NullMarked
package io.expertmesh.gateway.core.generation;

import org.jspecify.annotations.NullMarked;
