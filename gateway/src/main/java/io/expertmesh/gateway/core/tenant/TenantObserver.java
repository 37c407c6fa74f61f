package io.expertmesh.gateway.core.tenant;

import io.expertmesh.gateway.core.response.RequestObserver;
import io.expertmesh.gateway.core.response.Usage;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the tokens of one request to its tenant, generated ones as they come. */
public final class TenantObserver implements RequestObserver {
  private final RequestObserver metrics;
  private final TenantTokens tokens;
  private final String tenant;
  private final AtomicLong counted = new AtomicLong();

  /**
   * @param metrics what hears of everything besides
   */
  public TenantObserver(RequestObserver metrics, TenantTokens tokens, String tenant) {
    this.metrics = Objects.requireNonNull(metrics, "metrics");
    this.tokens = Objects.requireNonNull(tokens, "tokens");
    this.tenant = Objects.requireNonNull(tenant, "tenant");
  }

  @Override
  public void firstToken(long nanosSinceStart) {
    metrics.firstToken(nanosSinceStart);
    count(1);
  }

  @Override
  public void nextToken(long nanosSinceLast) {
    metrics.nextToken(nanosSinceLast);
    count(1);
  }

  @Override
  public void over(String outcome, long nanosSinceStart, Usage usage) {
    metrics.over(outcome, nanosSinceStart, usage);
    count((long) usage.prompt() + usage.completion() - counted.get());
  }

  private void count(long more) {
    tokens.add(tenant, more);
    counted.addAndGet(more);
  }
}
