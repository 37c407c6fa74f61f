package io.expertmesh.tests.simulation;

/** A router's call on the wire: pairs of (row, expert) of one layer. */
record ExpertMessage(
    long id, int layer, float[] rows, int[] pairRows, int[] pairExperts, long deadlineNanos) {}
