/** Tests. */
@NullMarked
package io.expertmesh.launcher.app;

import org.jspecify.annotations.NullMarked;
