/** The checkpoint's tokenizer files and the native tokenizer. */
@NullMarked
package io.expertmesh.gateway.transport.tokenizer;

import org.jspecify.annotations.NullMarked;
