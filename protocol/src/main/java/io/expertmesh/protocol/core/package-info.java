/** Errors and states that every service shares. No gRPC. */
@NullMarked
package io.expertmesh.protocol.core;

import org.jspecify.annotations.NullMarked;
