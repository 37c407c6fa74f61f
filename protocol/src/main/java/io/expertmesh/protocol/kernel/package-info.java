/** Conversion of rows between floats and the bytes that travel. */
@NullMarked
package io.expertmesh.protocol.kernel;

import org.jspecify.annotations.NullMarked;
