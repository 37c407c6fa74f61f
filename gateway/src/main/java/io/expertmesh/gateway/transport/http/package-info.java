/** The REST surface on Spring Cloud Gateway and WebFlux. */
@NullMarked
package io.expertmesh.gateway.transport.http;

import org.jspecify.annotations.NullMarked;
