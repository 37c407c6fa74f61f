package io.expertmesh.router.core;

import java.util.LinkedHashMap;
import java.util.Map;

/** What the dispatcher has done since it started. */
public final class RouterCounters {
  long calls;
  long rows;
  long pairs;
  long dropped;
  long messages;
  long retries;
  long ejections;
  long rejections;
  long lateReplies;
  long unavailableRows;
  long nonFiniteRows;
  long deadlines;
  private final long[][] tokens;

  RouterCounters(RoutedModel model) {
    tokens = new long[model.layers()][];
    for (int layer = 0; layer < tokens.length; layer++) {
      tokens[layer] = new long[model.expertsOf(layer)];
    }
  }

  /** Rows of all calls that were started. */
  public long rows() {
    return rows;
  }

  /** Pairs of all calls that were started. */
  public long pairs() {
    return pairs;
  }

  /** Pairs that were sent again, to another replica. */
  public long retries() {
    return retries;
  }

  /** Replicas thrown out for wrong answers. */
  public long ejections() {
    return ejections;
  }

  /** Replies to calls that had already ended. */
  public long lateReplies() {
    return lateReplies;
  }

  /** Rows answered as unavailable. */
  public long unavailableRows() {
    return unavailableRows;
  }

  /** Tokens that the gates assigned to an expert. */
  public long tokens(int layer, int expert) {
    return tokens[layer][expert];
  }

  void assigned(int layer, int expert, int count) {
    tokens[layer][expert] += count;
  }

  /** All totals by name. */
  public Map<String, Long> snapshot() {
    Map<String, Long> map = new LinkedHashMap<>();
    map.put("calls", calls);
    map.put("rows", rows);
    map.put("pairs", pairs);
    map.put("dropped_pairs", dropped);
    map.put("messages", messages);
    map.put("retries", retries);
    map.put("ejections", ejections);
    map.put("rejections", rejections);
    map.put("late_replies", lateReplies);
    map.put("unavailable_rows", unavailableRows);
    map.put("non_finite_rows", nonFiniteRows);
    map.put("deadlines", deadlines);
    return map;
  }
}
