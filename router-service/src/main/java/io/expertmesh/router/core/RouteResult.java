package io.expertmesh.router.core;

import io.expertmesh.router.core.gating.Assignments;
import java.util.BitSet;

/**
 * Combined rows of one call. The arrays belong to the dispatcher, which reuses them.
 *
 * @param rows {@code rowCount × width} from 0: the sum over a row's experts, in ascending index, of
 *     weight × expert row; zero for rows that are unavailable or not finite
 * @param unavailable rows that need an expert which no replica could compute now
 * @param nonFinite rows whose router logits, or whose expert's result on every replica, were not
 *     finite
 * @param detail the experts that the unavailable rows lack, for people; empty if there are none
 * @param assignments which experts computed the rows, and which choices were dropped
 */
public record RouteResult(
    float[] rows, BitSet unavailable, BitSet nonFinite, String detail, Assignments assignments) {}
