package io.expertmesh.launcher.app;

import io.expertmesh.launcher.core.ServiceReport;
import java.time.Duration;

/** Is told what happens to a mesh, always on the supervisor's thread. */
interface SupervisorListener {
  /** A service that is not ready yet answered. */
  void heard(String name, ServiceReport report, Duration sinceStart);

  /** All services were asked once more. */
  void progressed(Duration sinceStart);

  /** Every service is ready for the first time. */
  void ready(Duration sinceStart);

  /**
   * A service ended by itself and will be started again.
   *
   * @param how it ended, e.g. "was ended by signal 9"
   */
  void restarting(String name, String how, Duration delay);

  /**
   * A replica was started beside those that run.
   *
   * @param why a clause
   */
  default void added(String name, String why) {}

  /**
   * A replica was told to finish what it has and to end.
   *
   * @param why a clause
   */
  default void removed(String name, String why) {}
}
