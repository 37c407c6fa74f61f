package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.TokenRouting;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The experts of a choice's tokens, held back until the tokens themselves are shown: what a stop
 * string hides is not told by its experts either. Not thread-safe.
 */
final class RoutingTrail {
  private final int[] promptIds;
  private final Deque<TokenRouting> waiting = new ArrayDeque<>();
  private final Deque<Integer> shown = new ArrayDeque<>();
  private int position;

  RoutingTrail(int[] promptIds) {
    this.promptIds = promptIds;
  }

  void add(List<TokenRouting> tokens) {
    waiting.addAll(tokens);
  }

  /** The next generated token is shown. */
  void show(int id) {
    shown.add(id);
  }

  /** What can be told now and was not told before, in order. */
  List<RoutedToken> take() {
    List<RoutedToken> told = new ArrayList<>();
    while (!waiting.isEmpty() && (position < promptIds.length || !shown.isEmpty())) {
      int id = position < promptIds.length ? promptIds[position] : shown.remove();
      told.add(new RoutedToken(position, id, waiting.remove()));
      position++;
    }
    return told;
  }
}
