/** The attention-service process. */
@NullMarked
package io.expertmesh.attention.app;

import org.jspecify.annotations.NullMarked;
