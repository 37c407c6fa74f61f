/** An expert shard as a pure function of weights and rows, and the queue in front of it. */
@NullMarked
package io.expertmesh.expert.core;

import org.jspecify.annotations.NullMarked;
