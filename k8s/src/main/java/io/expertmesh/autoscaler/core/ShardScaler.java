package io.expertmesh.autoscaler.core;

import java.util.ArrayDeque;
import java.util.Locale;
import java.util.Objects;

/**
 * Decides on the replicas of one shard. A state machine: time and load are handed in.
 *
 * <ul>
 *   <li>Up: as soon as the demand of the whole up-window asks for more than there is, beyond the
 *       tolerance; by as many as it asks for.
 *   <li>Down: to the most that was asked for within the down-window, one replica per step; never
 *       while numbers are too old, nor before they have been good for a whole window.
 *   <li>To none: where the policy allows it, when no token has come for the idle time. From none to
 *       one: at the first row that waits, or when nothing can be known for the idle time.
 * </ul>
 */
public final class ShardScaler {
  /** Before anything is decided, every replica that is there should have been heard of. */
  private static final long LISTEN_MILLIS = 5_000;

  private record Ask(long atMillis, int replicas) {}

  private final ArrayDeque<Ask> asks = new ArrayDeque<>();
  private int wanted = Decision.UNKNOWN;
  private long steppedAt = Long.MIN_VALUE / 2;
  private long steadySince = Long.MIN_VALUE;
  private long blindSince = Long.MIN_VALUE;
  private long heardSince = Long.MIN_VALUE;
  private boolean settled;

  /**
   * Decides. To be called about once a second, with times that never go back.
   *
   * @param load what the shard carries
   * @param demand busy replicas that may be provided for, at most {@link ShardLoad#demand}
   * @param blind true if nothing was heard of anybody for too long
   */
  public Decision decide(
      long nowMillis, ShardLoad load, double demand, boolean blind, ScalingPolicy policy) {
    Objects.requireNonNull(policy, "policy");
    if (wanted == Decision.UNKNOWN) {
      if (load.replicas() > 0) {
        heardSince = heardSince == Long.MIN_VALUE ? nowMillis : heardSince;
        if (nowMillis - heardSince < LISTEN_MILLIS) {
          return told("replicas are being counted");
        }
        wanted = Math.max(1, policy.clamp(load.replicas()));
      } else if (load.parked()) {
        wanted = Math.max(1, policy.min());
        return told("rows wait and there is no replica: woken");
      } else {
        return told("no replica has been heard of yet");
      }
    }
    if (blind) {
      return blind(nowMillis, policy);
    }
    blindSince = Long.MIN_VALUE;
    if (load.parked() && wanted == 0) {
      asks.clear();
      wanted = Math.max(1, policy.min());
      return told("rows wait and there is no replica: woken");
    }
    boolean steady =
        steadySince != Long.MIN_VALUE && nowMillis - steadySince >= policy.downMillis();
    settled |= steady;
    if (!settled) {
      // Until then more replicas may come to light than were counted at first.
      wanted = Math.max(wanted, policy.clamp(load.replicas()));
    }
    int asked = asked(load, demand, policy);
    if (load.silent() > 0) {
      steadySince = Long.MIN_VALUE;
      if (asked <= wanted) {
        return told(
            load.silent() + " of " + load.replicas() + " replicas are silent: held", load, demand);
      }
    } else if (steadySince == Long.MIN_VALUE) {
      steadySince = nowMillis;
    }
    asks.add(new Ask(nowMillis, asked));
    long keep = nowMillis - Math.max(policy.downMillis(), policy.upMillis());
    while (!asks.isEmpty() && asks.getFirst().atMillis() < keep) {
      asks.removeFirst();
    }
    return step(nowMillis, load, demand, steady, policy);
  }

  private int asked(ShardLoad load, double demand, ScalingPolicy policy) {
    // One that was woken and is still starting has not had the chance to serve.
    boolean idle = load.replicas() > 0 && load.idleMillis() >= policy.idleMillis();
    if (policy.min() == 0 && (wanted == 0 || idle)) {
      return 0;
    }
    double replicas = demand / policy.target();
    boolean enough = replicas <= wanted * (1 + policy.tolerance());
    boolean tooMany = replicas < wanted * (1 - policy.tolerance());
    int asked = enough && !tooMany ? wanted : (int) Math.ceil(replicas - 1e-9);
    return Math.max(1, policy.clamp(asked));
  }

  private Decision step(
      long nowMillis, ShardLoad load, double demand, boolean steady, ScalingPolicy policy) {
    int least = Integer.MAX_VALUE;
    int most = 0;
    for (Ask ask : asks) {
      most = Math.max(most, ask.replicas());
      if (ask.atMillis() >= nowMillis - policy.upMillis()) {
        least = Math.min(least, ask.replicas());
      }
    }
    int before = wanted;
    if (least > wanted) {
      wanted = least;
      return told("up from " + before, load, demand);
    }
    if (most < wanted) {
      if (!steady) {
        return told("fewer would do, but not for the whole down-window yet", load, demand);
      }
      if (nowMillis - steppedAt < policy.downStepMillis()) {
        return told("fewer would do; one step at a time", load, demand);
      }
      steppedAt = nowMillis;
      wanted--;
      return told(wanted == 0 ? "idle: none" : "down from " + before, load, demand);
    }
    return told(least < wanted ? "held by the down-window" : "as it should be", load, demand);
  }

  private Decision blind(long nowMillis, ScalingPolicy policy) {
    asks.clear();
    steadySince = Long.MIN_VALUE;
    if (blindSince == Long.MIN_VALUE) {
      blindSince = nowMillis;
    }
    if (wanted == 0 && nowMillis - blindSince >= policy.idleMillis()) {
      // Whoever waits for this shard could not be heard either.
      wanted = 1;
    }
    return told("no load events arrive: held");
  }

  private Decision told(String why) {
    return new Decision(wanted, why + ".");
  }

  private Decision told(String why, ShardLoad load, double demand) {
    return new Decision(
        wanted,
        String.format(
            Locale.ROOT,
            "%s. %.0f tokens/s of %.3f ms and %.1f queued tokens keep %.2f replicas busy%s.",
            why,
            load.tokensPerSecond(),
            load.secondsPerToken() * 1000,
            load.queuedTokens(),
            load.demand(),
            demand < load.demand() - 1e-9
                ? String.format(Locale.ROOT, ", of which caps of tenants allow %.2f", demand)
                : ""));
  }
}
