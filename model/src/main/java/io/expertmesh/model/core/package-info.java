/** What a model is, as data: the spec read from a checkpoint, and the checkpoint's tensors. */
@NullMarked
package io.expertmesh.model.core;

import org.jspecify.annotations.NullMarked;
