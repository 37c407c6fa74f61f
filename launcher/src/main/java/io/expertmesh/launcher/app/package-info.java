/** The mesh command: its words, processes, files and terminal. */
@NullMarked
package io.expertmesh.launcher.app;

import org.jspecify.annotations.NullMarked;
