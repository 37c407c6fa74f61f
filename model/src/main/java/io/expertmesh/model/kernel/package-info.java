/**
 * Numeric kernels: what the services compute with. No Spring, no gRPC, no knowledge of model
 * families.
 */
@NullMarked
package io.expertmesh.model.kernel;

import org.jspecify.annotations.NullMarked;
