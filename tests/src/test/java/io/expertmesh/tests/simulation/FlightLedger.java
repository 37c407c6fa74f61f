package io.expertmesh.tests.simulation;

import io.expertmesh.router.core.ExpertCall;
import io.expertmesh.router.core.RouteRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a router has taken and what it has out, as seen from outside: no (row, expert) pair may be
 * out more often than its row was asked for, and every reply's buffer comes back exactly once.
 */
final class FlightLedger {
  private final Map<Row, Integer> asked = new HashMap<>();
  private final List<Sent> sent = new ArrayList<>();
  private final Set<float[]> buffers = Collections.newSetFromMap(new IdentityHashMap<>());

  void begins(RouteRequest request) {
    count(request, 1);
  }

  void ends(RouteRequest request) {
    count(request, -1);
  }

  private void count(RouteRequest request, int change) {
    for (int row = 0; row < request.rowCount(); row++) {
      long state = ToyModel.read(request.rows(), row * ToyModel.WIDTH);
      asked.merge(new Row(request.layer(), state), change, FlightLedger::sumOrNothing);
    }
  }

  private static @Nullable Integer sumOrNothing(int a, int b) {
    return a + b == 0 ? null : a + b;
  }

  /** A message goes out. */
  void sends(ExpertCall call) {
    sent.removeIf(one -> !one.isOut());
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < call.pairCount(); i++) {
      int at = call.rowsOffset() + call.pairRow(i) * ToyModel.WIDTH;
      Row row = new Row(call.layer(), ToyModel.read(call.rows(), at));
      pairs.add(new Pair(row, call.pairExpert(i)));
    }
    sent.add(new Sent(call, call.id(), pairs));
    Map<Pair, Integer> out = new HashMap<>();
    for (Sent one : sent) {
      for (Pair pair : one.pairs) {
        int times = out.merge(pair, 1, Integer::sum);
        Violation.unless(
            times <= asked.getOrDefault(pair.row, 0),
            "a row of layer %d is out %d times for expert %d, asked for %d times",
            pair.row.layer,
            times,
            pair.expert,
            asked.getOrDefault(pair.row, 0));
      }
    }
  }

  /** Messages that are out. */
  int messagesOut() {
    sent.removeIf(one -> !one.isOut());
    return sent.size();
  }

  /** A reply's buffer is handed to the router. */
  void lends(float[] rows) {
    if (rows.length > 0) {
      buffers.add(rows);
    }
  }

  /** The router has read the buffer; whoever reads it later reads NaN. */
  void released(float[] rows) {
    if (rows.length > 0) {
      Violation.unless(buffers.remove(rows), "a reply's buffer was released twice");
      Arrays.fill(rows, Float.NaN);
    }
  }

  void checkIdle() {
    Violation.unless(
        asked.isEmpty(), () -> "rows of " + asked.size() + " kinds are still asked for");
    Violation.unless(
        buffers.isEmpty(), () -> buffers.size() + " buffers of replies were not released");
    Violation.unless(
        messagesOut() == 0, () -> messagesOut() + " messages to replicas are still out");
  }

  private record Row(int layer, long state) {}

  private record Pair(Row row, int expert) {}

  private record Sent(ExpertCall call, long id, List<Pair> pairs) {
    boolean isOut() {
      return call.id() == id;
    }
  }
}
