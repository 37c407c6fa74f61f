package io.expertmesh.router.core;

import io.expertmesh.protocol.core.ErrorCode;
import io.expertmesh.router.core.gating.Assignments;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One routed call in flight: its pairs, where the row of each pair lies once it is there, and the
 * messages that are out for it. Reused.
 */
final class CallState {
  private @Nullable RouteRequest request;
  private final Assignments assignments = new Assignments();
  private float[] @Nullable [] sources = new float[64][];
  private int[] sourceOffsets = new int[64];
  private int openPairs;
  private final List<ExpertCall> messages = new ArrayList<>();
  private final List<float[]> replies = new ArrayList<>();
  private final BitSet unavailable = new BitSet();
  private final BitSet nonFinite = new BitSet();
  private final BitSet missingExperts = new BitSet();
  private float[] combined = new float[0];
  private @Nullable ErrorCode failure;
  private String message = "";
  private boolean cancelled;
  private int index = -1;

  void begin(RouteRequest newRequest) {
    request = newRequest;
    assignments.clear();
    openPairs = 0;
    unavailable.clear();
    nonFinite.clear();
    missingExperts.clear();
    failure = null;
    message = "";
    cancelled = false;
  }

  /** Takes the assignments as they now are: all pairs are open. */
  void open() {
    int pairs = assignments.pairs();
    if (sources.length < pairs) {
      sources = new float[Math.max(pairs, 2 * sources.length)][];
      sourceOffsets = new int[sources.length];
    }
    openPairs = pairs;
    for (int row = 0; row < assignments.rows(); row++) {
      if (assignments.nonFinite(row)) {
        nonFinite.set(row);
      }
    }
  }

  /** Drops what it refers to, so that the buffers of others are not kept alive. */
  void end() {
    Arrays.fill(sources, 0, Math.min(sources.length, assignments.pairs()), null);
    request = null;
  }

  RouteRequest request() {
    if (request == null) {
      throw new IllegalStateException("the call has ended");
    }
    return request;
  }

  Assignments assignments() {
    return assignments;
  }

  /** The row of a pair has arrived. */
  void arrived(int pair, float[] rows, int offset) {
    if (sources[pair] != null) {
      throw new IllegalStateException("pair " + pair + " was answered twice");
    }
    sources[pair] = rows;
    sourceOffsets[pair] = offset;
    openPairs--;
  }

  /** No replica is left for a pair. */
  void unavailable(int pair) {
    unavailable.set(assignments.row(pair));
    missingExperts.set(assignments.expert(pair));
    openPairs--;
  }

  /** The row of a pair is not finite, whoever computes it. */
  void nonFinite(int pair) {
    nonFinite.set(assignments.row(pair));
    openPairs--;
  }

  float @Nullable [] source(int pair) {
    return sources[pair];
  }

  int sourceOffset(int pair) {
    return sourceOffsets[pair];
  }

  int openPairs() {
    return openPairs;
  }

  /** Messages that are out for the call. */
  List<ExpertCall> messages() {
    return messages;
  }

  /** Arrays of replies that the call reads. */
  List<float[]> replies() {
    return replies;
  }

  BitSet unavailable() {
    return unavailable;
  }

  BitSet nonFinite() {
    return nonFinite;
  }

  String missingDetail() {
    if (missingExperts.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    missingExperts.stream()
        .forEach(
            expert ->
                text.append(text.isEmpty() ? "" : ", ")
                    .append(Registry.expertName(request().layer(), expert)));
    return text.toString();
  }

  /** Buffer for the combined rows. */
  float[] combined(int floats) {
    if (combined.length < floats) {
      combined = new float[floats];
    }
    return combined;
  }

  void fail(ErrorCode code, String sentence) {
    failure = code;
    message = sentence;
  }

  @Nullable ErrorCode failure() {
    return failure;
  }

  String message() {
    return message;
  }

  void cancel() {
    cancelled = true;
  }

  boolean cancelled() {
    return cancelled;
  }

  /** Position in the dispatcher's list of calls. */
  int index() {
    return index;
  }

  void index(int position) {
    index = position;
  }
}
