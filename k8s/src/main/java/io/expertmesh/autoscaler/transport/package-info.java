/** Kafka in; KEDA's contract, plans for local supervisors and HTTP out. */
@NullMarked
package io.expertmesh.autoscaler.transport;

import org.jspecify.annotations.NullMarked;
