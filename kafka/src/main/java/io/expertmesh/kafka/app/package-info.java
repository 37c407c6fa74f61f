/** The Kafka broker of a mesh on one machine, as a process. */
@NullMarked
package io.expertmesh.kafka.app;

import org.jspecify.annotations.NullMarked;
