/**
 * How logits become assignments: one policy for each rule of the literature. Everything here is a
 * pure function of its arguments; a policy's fields are scratch memory.
 */
@NullMarked
package io.expertmesh.router.core.gating;

import org.jspecify.annotations.NullMarked;
