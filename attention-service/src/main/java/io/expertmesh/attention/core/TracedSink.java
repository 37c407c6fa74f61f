package io.expertmesh.attention.core;

import io.expertmesh.protocol.core.trace.TraceSpan;
import java.util.Locale;

/**
 * One request as a span: when it was admitted, when its first token came, how many steps and
 * positions it took, how it ended. Two events and some counts, however many tokens there are.
 */
public final class TracedSink implements TokenSink {
  private final TokenSink sink;
  private final TraceSpan span;

  // The engine's thread alone calls.
  private long steps;
  private long positions;
  private long tokens;

  /**
   * @param sink gets everything
   * @param span ended with the request
   */
  public TracedSink(TokenSink sink, TraceSpan span) {
    this.sink = sink;
    this.span = span;
  }

  @Override
  public void step(int count) {
    if (steps++ == 0) {
      span.event("admitted");
    }
    positions += count;
    sink.step(count);
  }

  @Override
  public boolean accept(TokenEvent event) {
    switch (event) {
      case TokenEvent.Generated _ -> {
        if (tokens++ == 0) {
          span.event("first_token");
          span.put("expertmesh.prefill.steps", steps);
          span.put("expertmesh.prefill.positions", positions);
        }
      }
      case TokenEvent.PromptScored _, TokenEvent.Routed _ -> {
        // what is in them is nobody's business
      }
      case TokenEvent.Finished finished -> {
        span.put("expertmesh.outcome", finished.reason().name().toLowerCase(Locale.ROOT));
        span.put("expertmesh.tokens.prompt", finished.promptTokens());
        span.put("expertmesh.tokens.cached", finished.cachedTokens());
        span.put("expertmesh.preemptions", finished.preemptions());
        end();
      }
      case TokenEvent.Failed failed -> {
        span.failed(failed.code().name().toLowerCase(Locale.ROOT));
        end();
      }
    }
    return sink.accept(event);
  }

  private void end() {
    span.put("expertmesh.steps", steps);
    span.put("expertmesh.positions", positions);
    span.put("expertmesh.tokens.generated", tokens);
    span.end();
  }

  @Override
  public boolean congested() {
    return sink.congested();
  }
}
