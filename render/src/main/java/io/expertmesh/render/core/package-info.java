/** From a model and where its experts go to manifests, as a pure function. */
@NullMarked
package io.expertmesh.render.core;

import org.jspecify.annotations.NullMarked;
