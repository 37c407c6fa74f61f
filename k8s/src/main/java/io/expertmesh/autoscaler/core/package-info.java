/** From load events to wanted replicas, as state machines over a time that is handed in. */
@NullMarked
package io.expertmesh.autoscaler.core;

import org.jspecify.annotations.NullMarked;
