package io.expertmesh.gateway.core.template;

/** A template cannot be read, refuses its input, or breaks a bound. Carries no stack trace. */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TemplateException(String message) {
    super(message, null, false, false);
  }
}
