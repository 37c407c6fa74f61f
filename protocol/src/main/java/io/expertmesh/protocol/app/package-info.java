/** Process plumbing that every service shares. */
@NullMarked
package io.expertmesh.protocol.app;

import org.jspecify.annotations.NullMarked;
