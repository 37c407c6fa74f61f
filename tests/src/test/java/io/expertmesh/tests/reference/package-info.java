/** Whole models once more, as plain loops over doubles that share nothing with the services. */
@org.jspecify.annotations.NullMarked
package io.expertmesh.tests.reference;
