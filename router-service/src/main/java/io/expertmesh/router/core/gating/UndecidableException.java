package io.expertmesh.router.core.gating;

/** A policy cannot assign the rows that it was given; the message says why and what it could. */
public final class UndecidableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A refusal of one call. */
  public UndecidableException(String sentence) {
    super(sentence);
  }
}
