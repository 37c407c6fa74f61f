package io.expertmesh.gateway.core.tenant;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tokens by tenant since they were last taken. Names come from clients, so only so many are kept
 * apart; what is beyond is one sum. Thread-safe.
 */
public final class TenantTokens {
  /** Stands for requests that name no tenant. */
  public static final String ANONYMOUS = "anonymous";

  /** Stands for tenants that are not told one by one. */
  public static final String OTHERS = "others";

  static final int MOST_KEPT = 1024;
  static final int MOST_TOLD = 64;

  private final Map<String, Long> tokens = new HashMap<>();

  /** Adds tokens of a tenant. */
  public synchronized void add(String tenant, long count) {
    if (count <= 0) {
      return;
    }
    String name = tenant.isEmpty() ? ANONYMOUS : tenant;
    boolean kept = tokens.size() < MOST_KEPT || tokens.containsKey(name);
    tokens.merge(kept ? name : OTHERS, count, Long::sum);
  }

  /** What was added since the last call: at most 64 tenants with most, and the rest as one. */
  public Map<String, Long> take() {
    Map<String, Long> all;
    synchronized (this) {
      all = Map.copyOf(tokens);
      tokens.clear();
    }
    List<Map.Entry<String, Long>> most =
        all.entrySet().stream()
            .sorted(
                Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                    .thenComparing(Map.Entry.comparingByKey()))
            .toList();
    Map<String, Long> told = new HashMap<>();
    for (int i = 0; i < most.size(); i++) {
      told.merge(i < MOST_TOLD ? most.get(i).getKey() : OTHERS, most.get(i).getValue(), Long::sum);
    }
    return told;
  }
}
