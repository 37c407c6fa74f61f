/** Tests. */
@NullMarked
package io.expertmesh.autoscaler.core;

import org.jspecify.annotations.NullMarked;
