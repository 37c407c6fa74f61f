/** What a process tells of single requests, if it is asked to: spans without any content. */
@NullMarked
package io.expertmesh.protocol.core.trace;

import org.jspecify.annotations.NullMarked;
