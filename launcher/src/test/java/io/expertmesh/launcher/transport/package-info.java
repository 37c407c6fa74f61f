/** Tests. */
@NullMarked
package io.expertmesh.launcher.transport;

import org.jspecify.annotations.NullMarked;
