package io.expertmesh.model.kernel;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Low priority of single threads, which Linux has and Java does not: a thread with it gets a tenth
 * of a processor that another one wants, and all of one that nobody wants. Any thread may lower its
 * own (setpriority(2): on Linux a nice value belongs to the thread that sets it).
 */
final class LowPriority {
  /** Not the lowest: a thread that others wait for must not be kept from its work for long. */
  static final int NICE = 10;

  private static final int PRIO_PROCESS = 0;
  private static final int CALLING_THREAD = 0;

  private static final FunctionDescriptor SIGNATURE =
      FunctionDescriptor.of(
          ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);

  private static final Optional<MethodHandle> SETPRIORITY =
      System.getProperty("os.name").equals("Linux")
          ? LibC.find("setpriority", SIGNATURE)
          : Optional.empty();

  private LowPriority() {}

  /** True if {@link #take} can be called. */
  static boolean available() {
    return SETPRIORITY.isPresent();
  }

  /** Lowers the priority of the calling thread for good; false if the system refuses. */
  static boolean take() {
    try {
      return (int) SETPRIORITY.orElseThrow().invokeExact(PRIO_PROCESS, CALLING_THREAD, NICE) == 0;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
