/** Tests of the engine, with everything in one process. */
@NullMarked
package io.expertmesh.attention.core;

import org.jspecify.annotations.NullMarked;
