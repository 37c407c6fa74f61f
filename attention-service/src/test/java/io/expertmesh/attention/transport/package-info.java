/** Tests over real sockets of the loopback interface. */
@NullMarked
package io.expertmesh.attention.transport;

import org.jspecify.annotations.NullMarked;
