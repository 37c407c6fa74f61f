package io.expertmesh.tests.simulation;

/**
 * Consecutive rows of a routed batch that travel as one message.
 *
 * @param call the batch
 * @param first first row
 * @param count rows
 */
record RoutedPart(SimEngine.Call call, int first, int count) {}
