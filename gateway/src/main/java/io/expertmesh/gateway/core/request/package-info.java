/**
 * What a client asked for: records, their parsing from JSON and every limit. No Spring, no gRPC.
 */
@NullMarked
package io.expertmesh.gateway.core.request;

import org.jspecify.annotations.NullMarked;
