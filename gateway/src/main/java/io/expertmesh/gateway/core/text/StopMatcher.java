package io.expertmesh.gateway.core.text;

import java.util.List;

/**
 * Finds stop strings in text that arrives in pieces. Text that may yet turn out to be the beginning
 * of a stop string is held back, so nothing of a stop string is ever shown.
 */
public final class StopMatcher {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean matched;

  public StopMatcher(List<String> stops) {
    this.stops = List.copyOf(stops);
  }

  /** Takes the next piece; returns what may be shown. After a match nothing is shown any more. */
  public String push(String piece) {
    if (matched) {
      return "";
    }
    if (stops.isEmpty()) {
      return piece;
    }
    held.append(piece);
    int match = firstMatch();
    if (match >= 0) {
      matched = true;
      return take(match);
    }
    return take(firstPossibleStart());
  }

  /** Takes a piece in which stop strings do not count; shows it and all that was held. */
  public String pass(String piece) {
    held.append(piece);
    return take(held.length());
  }

  /** Ends the text: what was held back turned out to be no stop string. */
  public String finish() {
    return matched ? "" : take(held.length());
  }

  /** Whether a stop string was found. */
  public boolean matched() {
    return matched;
  }

  private String take(int length) {
    String text = held.substring(0, length);
    held.delete(0, length);
    return text;
  }

  private int firstMatch() {
    int first = -1;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      if (at >= 0 && (first < 0 || at < first)) {
        first = at;
      }
    }
    return first;
  }

  private int firstPossibleStart() {
    int longest = 0;
    for (String stop : stops) {
      longest = Math.max(longest, stop.length() - 1);
    }
    for (int start = Math.max(0, held.length() - longest); start < held.length(); start++) {
      for (String stop : stops) {
        if (begins(stop, start)) {
          return start;
        }
      }
    }
    return held.length();
  }

  private boolean begins(String stop, int start) {
    int length = held.length() - start;
    if (length >= stop.length()) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (held.charAt(start + i) != stop.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
