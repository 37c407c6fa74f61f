@NullMarked
package io.expertmesh.tests.input;

import org.jspecify.annotations.NullMarked;
