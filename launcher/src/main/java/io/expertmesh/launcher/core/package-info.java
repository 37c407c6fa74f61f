/**
 * What a mesh on one machine consists of and how its parts are described, without doing any of it.
 */
@NullMarked
package io.expertmesh.launcher.core;

import org.jspecify.annotations.NullMarked;
