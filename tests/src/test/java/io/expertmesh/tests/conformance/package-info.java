@NullMarked
package io.expertmesh.tests.conformance;

import org.jspecify.annotations.NullMarked;
