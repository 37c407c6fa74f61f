package io.expertmesh.tests.simulation;

import java.util.BitSet;

/** A router's answer on the wire. */
record RoutedAnswer(float[] rows, BitSet unavailable, BitSet nonFinite, String detail) {}
