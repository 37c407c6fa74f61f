@NullMarked
package io.expertmesh.tests.luck;

import org.jspecify.annotations.NullMarked;
