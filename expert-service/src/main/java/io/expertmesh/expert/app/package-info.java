/** The expert-service process. */
@NullMarked
package io.expertmesh.expert.app;

import org.jspecify.annotations.NullMarked;
