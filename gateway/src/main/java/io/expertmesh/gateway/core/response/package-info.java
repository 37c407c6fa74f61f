/** From generated tokens to response bodies: choices, usage, OpenAI JSON. */
@NullMarked
package io.expertmesh.gateway.core.response;

import org.jspecify.annotations.NullMarked;
