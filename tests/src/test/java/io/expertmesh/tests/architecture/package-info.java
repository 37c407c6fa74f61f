@NullMarked
package io.expertmesh.tests.architecture;

import org.jspecify.annotations.NullMarked;
