package io.expertmesh.gateway.transport.http;

import io.expertmesh.gateway.core.response.RequestObserver;
import io.expertmesh.gateway.core.response.Usage;
import io.expertmesh.gateway.core.tenant.TenantObserver;
import io.expertmesh.gateway.core.tenant.TenantTokens;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Counts and times requests; shown at {@code /metrics}. */
public final class GatewayMetrics implements RequestObserver {
  private final PrometheusMeterRegistry registry;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final TenantTokens tenants = new TenantTokens();
  private final Counter tokensIn;
  private final Counter tokensOut;
  private final Counter cut;
  private final Timer firstToken;
  private final Timer nextToken;
  private final Timer whole;

  public GatewayMetrics(PrometheusMeterRegistry registry) {
    this.registry = registry;
    this.tokensIn =
        Counter.builder("expertmesh.prompt.tokens").description("Prompt tokens").register(registry);
    this.tokensOut =
        Counter.builder("expertmesh.generated.tokens")
            .description("Generated tokens")
            .register(registry);
    this.cut =
        Counter.builder("expertmesh.streams.cut")
            .description("Streams cut because their reader was too slow")
            .register(registry);
    this.firstToken =
        timer("expertmesh.ttft", "From the arrival of a request to its first token", 1, 60_000);
    this.nextToken = timer("expertmesh.itl", "Between two tokens of a choice", 1, 10_000);
    this.whole = timer("expertmesh.e2e", "From the arrival of a request to its end", 1, 600_000);
    Gauge.builder("expertmesh.requests.in.flight", inFlight, AtomicInteger::get)
        .description("Requests being worked on")
        .register(registry);
  }

  private Timer timer(String name, String description, long minMillis, long maxMillis) {
    return Timer.builder(name)
        .description(description)
        .publishPercentileHistogram()
        .minimumExpectedValue(Duration.ofMillis(minMillis))
        .maximumExpectedValue(Duration.ofMillis(maxMillis))
        .register(registry);
  }

  @Override
  public void firstToken(long nanosSinceStart) {
    firstToken.record(nanosSinceStart, TimeUnit.NANOSECONDS);
  }

  @Override
  public void nextToken(long nanosSinceLast) {
    nextToken.record(nanosSinceLast, TimeUnit.NANOSECONDS);
  }

  @Override
  public void over(String outcome, long nanosSinceStart, Usage usage) {
    count(outcome);
    tokensIn.increment(usage.prompt());
    tokensOut.increment(usage.completion());
    whole.record(nanosSinceStart, TimeUnit.NANOSECONDS);
  }

  /** These metrics for a request of a tenant, whose tokens are counted besides. */
  RequestObserver of(String tenant) {
    return new TenantObserver(this, tenants, tenant);
  }

  /** Tokens by tenant since the last call. */
  public Map<String, Long> takeTenants() {
    return tenants.take();
  }

  /** Requests being worked on. */
  public int inFlight() {
    return inFlight.get();
  }

  /** Generated tokens since the start. */
  public long generatedTokens() {
    return (long) tokensOut.count();
  }

  /** Takes one of {@code places}; false if all are taken. */
  boolean enter(int places) {
    if (inFlight.incrementAndGet() > places) {
      inFlight.decrementAndGet();
      return false;
    }
    return true;
  }

  void leave() {
    inFlight.decrementAndGet();
  }

  void refused(@Nullable String code) {
    count(code == null ? "invalid_request" : code);
  }

  void cut() {
    cut.increment();
  }

  String scrape() {
    return registry.scrape();
  }

  private void count(String outcome) {
    Counter.builder("expertmesh.requests")
        .description("Requests by how they ended")
        .tag("outcome", outcome)
        .register(registry)
        .increment();
  }
}
