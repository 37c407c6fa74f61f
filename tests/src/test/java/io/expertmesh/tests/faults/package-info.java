@NullMarked
package io.expertmesh.tests.faults;

import org.jspecify.annotations.NullMarked;
