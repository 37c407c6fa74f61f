/** Tests. */
@NullMarked
package io.expertmesh.launcher.core;

import org.jspecify.annotations.NullMarked;
