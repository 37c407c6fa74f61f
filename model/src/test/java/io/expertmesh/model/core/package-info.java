@NullMarked
package io.expertmesh.model.core;

import org.jspecify.annotations.NullMarked;
