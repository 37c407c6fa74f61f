package io.expertmesh.gateway.core.generation;

import io.expertmesh.protocol.core.MeshException;
import java.util.List;

/**
 * Hears of one generation: prompt scores in order, then tokens in order, then exactly one of {@link
 * #finished} and {@link #failed}. Calls never overlap.
 */
public interface GenerationListener {
  /** Scores of prompt tokens from a position on. */
  void prompt(int firstPosition, List<ScoredToken> tokens);

  /** The next generated token. */
  void token(ScoredToken token);

  /** The end. */
  void finished(GenerationEnd end);

  /** The end, by a failure. */
  void failed(MeshException failure);
}
