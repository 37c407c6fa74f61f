/** The router-service process: configuration and life cycle. */
@NullMarked
package io.expertmesh.router.app;

import org.jspecify.annotations.NullMarked;
