/** Reads what is rendered, and writes the files. */
@NullMarked
package io.expertmesh.render.app;

import org.jspecify.annotations.NullMarked;
