/** The gateway application: configuration and main class. */
@NullMarked
package io.expertmesh.gateway.app;

import org.jspecify.annotations.NullMarked;
