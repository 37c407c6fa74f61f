package io.expertmesh.gateway.core.generation;

import io.expertmesh.protocol.core.MeshException;
import java.util.List;

/**
 * Hears of one generation: prompt scores in order, then tokens in order, then exactly one of {@link
 * #finished} and {@link #failed}. The routing of a token, in order too, comes before the token
 * after it. Calls never overlap.
 */
public interface GenerationListener {
  /** Scores of prompt tokens from a position on. */
  void prompt(int firstPosition, List<ScoredToken> tokens);

  /** The experts of tokens, of the prompt or generated, from a position on. */
  void routing(int firstPosition, List<TokenRouting> tokens);

  /** The next generated token. */
  void token(ScoredToken token);

  /** The end. */
  void finished(GenerationEnd end);

  /** The end, by a failure. */
  void failed(MeshException failure);
}
