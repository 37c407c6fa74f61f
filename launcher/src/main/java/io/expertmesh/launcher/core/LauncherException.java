package io.expertmesh.launcher.core;

/** A failure that is told to the user as one plain sentence; the command ends with exit code 1. */
public final class LauncherException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public LauncherException(String sentence) {
    super(sentence);
  }

  public LauncherException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
