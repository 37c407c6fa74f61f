/** Tests of the kernels. */
@NullMarked
package io.expertmesh.model.kernel;

import org.jspecify.annotations.NullMarked;
