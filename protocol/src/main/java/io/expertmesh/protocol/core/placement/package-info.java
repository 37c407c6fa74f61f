/** Where experts should be, computed from what was observed: pure functions from loads to plans. */
@NullMarked
package io.expertmesh.protocol.core.placement;

import org.jspecify.annotations.NullMarked;
