package io.expertmesh.router.app;

/** The process refuses to start; the message is the one sentence that says why. */
final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RefusedException(String sentence) {
    super(sentence);
  }

  RefusedException(Throwable cause) {
    super(cause.getMessage(), cause);
  }
}
