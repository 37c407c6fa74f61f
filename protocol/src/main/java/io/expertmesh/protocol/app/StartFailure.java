package io.expertmesh.protocol.app;

import io.expertmesh.protocol.core.MeshException;
import java.net.BindException;
import java.nio.file.NoSuchFileException;

/** Why a process could not start, as one plain sentence instead of a stack trace. */
public final class StartFailure {
  private StartFailure() {}

  /** The sentence of the innermost cause that has one. */
  public static String sentence(Throwable failure) {
    Throwable innermost = failure;
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof MeshException) {
        return text(t);
      }
      if (t instanceof BindException || text(t).contains("Address already in use")) {
        // Netty's native transport has an exception of its own for this.
        return "The address to serve on cannot be taken: " + text(t) + ".";
      }
      innermost = t;
    }
    return switch (innermost) {
      case NoSuchFileException e -> "There is no file " + text(e) + ".";
      default -> text(innermost);
    };
  }

  private static String text(Throwable failure) {
    String message = failure.getMessage();
    return message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
  }
}
