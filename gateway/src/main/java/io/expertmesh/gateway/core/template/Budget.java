package io.expertmesh.gateway.core.template;

import java.util.function.LongSupplier;

/**
 * What one rendering may use. Templates come with checkpoints, so they are not trusted: time, size
 * of everything they build and depth of calls are bounded.
 */
final class Budget {
  private static final int MAX_TEXT = 16 << 20;
  private static final int MAX_ITEMS = 1 << 20;
  private static final int MAX_CALLS = 60;
  private static final long MAX_NANOS = 2_000_000_000L;

  private final LongSupplier clock;
  private final long deadline;
  private int steps;
  private int calls;

  Budget(LongSupplier clock) {
    this.clock = clock;
    this.deadline = clock.getAsLong() + MAX_NANOS;
  }

  /** One more statement or expression. */
  void step() {
    if ((++steps & 0xFF) == 0 && clock.getAsLong() - deadline > 0) {
      throw new TemplateException("it runs longer than " + MAX_NANOS / 1_000_000_000 + " s");
    }
  }

  /** A text of that length is about to be built. */
  void text(long length) {
    if (length > MAX_TEXT) {
      throw new TemplateException("it builds a text of more than " + MAX_TEXT + " characters");
    }
  }

  /** A list of that length is about to be built. */
  void items(long count) {
    if (count > MAX_ITEMS) {
      throw new TemplateException("it builds a list of more than " + MAX_ITEMS + " items");
    }
  }

  void enterCall() {
    if (++calls > MAX_CALLS) {
      throw new TemplateException("its macros call each other deeper than " + MAX_CALLS);
    }
  }

  void leaveCall() {
    calls--;
  }
}
