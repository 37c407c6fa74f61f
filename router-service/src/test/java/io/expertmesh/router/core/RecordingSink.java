package io.expertmesh.router.core;

import io.expertmesh.protocol.core.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** Keeps copies of all that it is told. */
final class RecordingSink implements RouteSink {
  final List<Outcome> completed = new ArrayList<>();
  final List<ErrorCode> failed = new ArrayList<>();
  final List<String> messages = new ArrayList<>();

  private final int width;

  /**
   * @param width values per row of the model
   */
  RecordingSink(int width) {
    this.width = width;
  }

  /** A call that was completed. */
  record Outcome(float[] rows, BitSet unavailable, BitSet nonFinite, String detail) {}

  @Override
  public void complete(RouteRequest request, RouteResult result) {
    completed.add(
        new Outcome(
            Arrays.copyOf(result.rows(), request.rowCount() * width),
            (BitSet) result.unavailable().clone(),
            (BitSet) result.nonFinite().clone(),
            result.detail()));
  }

  @Override
  public void fail(RouteRequest request, ErrorCode code, String message) {
    failed.add(code);
    messages.add(message);
  }
}
