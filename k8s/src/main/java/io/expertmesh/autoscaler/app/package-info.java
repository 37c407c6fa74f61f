/** The autoscaler process, and the word that replays a day of load. */
@NullMarked
package io.expertmesh.autoscaler.app;

import org.jspecify.annotations.NullMarked;
