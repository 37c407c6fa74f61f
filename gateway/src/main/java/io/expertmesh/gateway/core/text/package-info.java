/** Between token ids and text: incremental detokenizing, stop strings, names of tokens. */
@NullMarked
package io.expertmesh.gateway.core.text;

import org.jspecify.annotations.NullMarked;
