/** Tests. */
@NullMarked
package io.expertmesh.autoscaler.transport;

import org.jspecify.annotations.NullMarked;
