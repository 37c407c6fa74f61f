package io.expertmesh.gateway.transport.engine;

import io.expertmesh.gateway.core.generation.GenerationEnd;
import io.expertmesh.gateway.core.generation.GenerationListener;
import io.expertmesh.gateway.core.generation.ScoredToken;
import io.expertmesh.gateway.core.generation.TokenRouting;
import io.expertmesh.protocol.core.MeshException;
import io.expertmesh.protocol.core.trace.TraceSpan;
import java.util.List;
import java.util.Locale;

/**
 * One call of an attention replica as a span: when its first token came, how many, how it ended.
 */
final class TracedAttempt implements GenerationListener {
  private final GenerationListener listener;
  private final TraceSpan span;
  private int tokens;

  TracedAttempt(GenerationListener listener, TraceSpan span) {
    this.listener = listener;
    this.span = span;
  }

  @Override
  public void prompt(int firstPosition, List<ScoredToken> scored) {
    listener.prompt(firstPosition, scored);
  }

  @Override
  public void routing(int firstPosition, List<TokenRouting> told) {
    listener.routing(firstPosition, told);
  }

  @Override
  public void token(ScoredToken token) {
    if (tokens++ == 0) {
      span.event("first_token");
    }
    listener.token(token);
  }

  @Override
  public void finished(GenerationEnd end) {
    end();
    listener.finished(end);
  }

  @Override
  public void failed(MeshException failure) {
    span.failed(failure.code().name().toLowerCase(Locale.ROOT));
    end();
    listener.failed(failure);
  }

  private void end() {
    span.put("expertmesh.tokens.generated", tokens);
    span.end();
  }
}
