@NullMarked
package io.expertmesh.tests.support;

import org.jspecify.annotations.NullMarked;
