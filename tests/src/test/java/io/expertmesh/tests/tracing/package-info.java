/** Spans of requests through a whole mesh. */
@NullMarked
package io.expertmesh.tests.tracing;

import org.jspecify.annotations.NullMarked;
