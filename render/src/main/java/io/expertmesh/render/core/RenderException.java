package io.expertmesh.render.core;

/** Something cannot be rendered; the message is a sentence for people. */
public final class RenderException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public RenderException(String sentence) {
    super(sentence);
  }

  public RenderException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
