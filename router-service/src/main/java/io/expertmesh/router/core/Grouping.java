package io.expertmesh.router.core;

import io.expertmesh.router.core.gating.Assignments;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts the pairs of a call on as few messages as can be: one per replica, as long as it is not
 * full. A replica is chosen when the first of its experts comes up, and then takes further experts
 * that it hosts. Many rows for one expert are shared among its replicas; these come first, so that
 * other experts can go to the replica that was given least.
 */
final class Grouping {
  private final RoutedModel model;
  private final Registry registry;
  private final ReplicaChoice choice;
  private final InFlight inFlight;
  private final int pairsPerMessage;
  private final int spreadRows;
  private Replica[] sharing = new Replica[4];
  private int sharers;
  private final List<ExpertCall> open = new ArrayList<>();
  private int[] order = new int[64];
  private int[] marks = new int[16];
  private final int[] ends;

  Grouping(
      RoutedModel model,
      Registry registry,
      ReplicaChoice choice,
      InFlight inFlight,
      DispatchLimits limits) {
    this.model = model;
    this.registry = registry;
    this.choice = choice;
    this.inFlight = inFlight;
    this.pairsPerMessage = limits.pairsPerMessage(model);
    this.spreadRows = limits.spreadRows();
    this.ends = new int[model.mostExperts() + 1];
  }

  /**
   * Groups all pairs of a new call.
   *
   * @param sealed receives the messages, ready to be sent
   */
  void groupAll(CallState call, RouterCounters counters, List<ExpertCall> sealed) {
    Assignments assignments = call.assignments();
    int layer = call.request().layer();
    int experts = model.expertsOf(layer);
    int pairs = assignments.pairs();
    if (order.length < pairs) {
      order = new int[Math.max(pairs, 2 * order.length)];
    }
    // counting sort by expert, stable in the order of rows
    Arrays.fill(ends, 0, experts + 1, 0);
    for (int pair = 0; pair < pairs; pair++) {
      ends[assignments.expert(pair) + 1]++;
    }
    for (int expert = 0; expert < experts; expert++) {
      counters.assigned(layer, expert, ends[expert + 1]);
      ends[expert + 1] += ends[expert];
    }
    for (int pair = 0; pair < pairs; pair++) {
      order[ends[assignments.expert(pair)]++] = pair;
    }
    group(call, order, pairs, ExpertCall.NOT_TRIED, false, sealed);
  }

  /**
   * Groups pairs of which those of one expert lie side by side. Pairs that no replica is left for
   * become unavailable.
   *
   * @param tried replicas that are out of the question
   * @param suspect see {@link ExpertCall#suspect}
   */
  void group(
      CallState call,
      int[] pairs,
      int count,
      Replica[] tried,
      boolean suspect,
      List<ExpertCall> sealed) {
    place(call, pairs, count, tried, suspect, sealed, true);
    place(call, pairs, count, tried, suspect, sealed, false);
    for (ExpertCall message : open) {
      seal(message, sealed);
    }
    open.clear();
  }

  /** Puts the pairs of those experts on messages that are shared among replicas, or of the rest. */
  private void place(
      CallState call,
      int[] pairs,
      int count,
      Replica[] tried,
      boolean suspect,
      List<ExpertCall> sealed,
      boolean ofShared) {
    int layer = call.request().layer();
    int next = 0;
    while (next < count) {
      int expert = call.assignments().expert(pairs[next]);
      int end = next + 1;
      while (end < count && call.assignments().expert(pairs[end]) == expert) {
        end++;
      }
      int share = share(end - next, registry.hosts(layer, expert).length);
      sharers = 0;
      if ((share < end - next) != ofShared) {
        next = end;
      }
      while (next < end) {
        ExpertCall message = messageFor(call, layer, expert, tried, suspect);
        if (message == null) {
          registry.park(layer, expert, end - next);
          while (next < end) {
            call.unavailable(pairs[next++]);
          }
        } else {
          int most = Math.min(share, pairsPerMessage - message.pairCount());
          int taken = Math.min(end - next, most);
          shared(message.replica());
          message.addPairs(pairs, next, taken);
          message.replica().addInFlight(taken);
          next += taken;
          if (message.pairCount() == pairsPerMessage) {
            open.remove(message);
            seal(message, sealed);
          }
        }
      }
    }
  }

  /** Rows that one replica takes of so many for one expert. */
  private int share(int rows, int hosts) {
    int evenly = (rows + Math.max(1, hosts) - 1) / Math.max(1, hosts);
    return rows < 2 * spreadRows ? rows : Math.max(spreadRows, evenly);
  }

  private void shared(Replica replica) {
    if (!isSharing(replica)) {
      if (sharers == sharing.length) {
        sharing = Arrays.copyOf(sharing, 2 * sharers);
      }
      sharing[sharers++] = replica;
    }
  }

  private boolean isSharing(Replica replica) {
    for (int i = 0; i < sharers; i++) {
      if (sharing[i] == replica) {
        return true;
      }
    }
    return false;
  }

  private Replica[] triedAndSharing(Replica[] tried) {
    Replica[] out = Arrays.copyOf(tried, tried.length + sharers);
    System.arraycopy(sharing, 0, out, tried.length, sharers);
    return out;
  }

  private @Nullable ExpertCall messageFor(
      CallState call, int layer, int expert, Replica[] tried, boolean suspect) {
    ExpertCall least = null;
    ExpertCall again = null;
    for (int i = 0; i < open.size(); i++) {
      ExpertCall message = open.get(i);
      if (!message.replica().hosts(layer, expert)) {
        continue;
      }
      if (isSharing(message.replica())) {
        again = message;
      } else if (least == null || message.pairCount() < least.pairCount()) {
        least = message;
      }
    }
    if (least != null) {
      return least;
    }
    Replica[] hosts = registry.hosts(layer, expert);
    Replica replica = choice.choose(hosts, sharers == 0 ? tried : triedAndSharing(tried));
    if (replica == null && again != null) {
      return again;
    }
    if (replica == null) {
      replica = choice.choose(hosts, tried);
    }
    if (replica == null) {
      return null;
    }
    ExpertCall message = inFlight.open(replica, call, tried, suspect);
    open.add(message);
    return message;
  }

  private void seal(ExpertCall message, List<ExpertCall> sealed) {
    int rows = message.owner().request().rowCount();
    if (marks.length < rows) {
      marks = new int[Math.max(rows, 2 * marks.length)];
    }
    message.seal(model.width(), marks);
    sealed.add(message);
  }
}
