/** Tests. */
@NullMarked
package io.expertmesh.autoscaler.core.replay;

import org.jspecify.annotations.NullMarked;
