/** Whose request it is, and what each tenant's requests come to. */
@NullMarked
package io.expertmesh.gateway.core.tenant;

import org.jspecify.annotations.NullMarked;
