/** Load events over a real Kafka, and what the autoscaler makes of them. */
@NullMarked
package io.expertmesh.tests.scaling;

import org.jspecify.annotations.NullMarked;
