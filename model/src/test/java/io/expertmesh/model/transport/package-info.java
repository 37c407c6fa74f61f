@NullMarked
package io.expertmesh.model.transport;

import org.jspecify.annotations.NullMarked;
