/** Who is let in. */
@NullMarked
package io.expertmesh.tests.security;

import org.jspecify.annotations.NullMarked;
