package io.expertmesh.tests.simulation;

import java.util.function.Supplier;

/**
 * Something that must never be. An error, so that no part of the mesh takes it for a failure of its
 * own and carries on.
 */
final class Violation extends AssertionError {
  private static final long serialVersionUID = 1L;

  Violation(String message) {
    super(message);
  }

  Violation(String message, Throwable cause) {
    super(message, cause);
  }

  static void unless(boolean holds, Supplier<String> message) {
    if (!holds) {
      throw new Violation(message.get());
    }
  }

  /** The message is put together only if it is needed: this runs for every row of every step. */
  @SuppressWarnings("AnnotateFormatMethod")
  static void unless(boolean holds, String format, Object... arguments) {
    if (!holds) {
      throw new Violation(format.formatted(arguments));
    }
  }
}
