package io.expertmesh.expert.core;

import java.util.Objects;
import java.util.function.Consumer;

/**
 * What a replica owes after a router has ejected it for wrong answers: it proves itself again, on
 * the computing thread between two batches, before it may offer itself again. A replica that fails
 * computes nothing more, for no router.
 */
public final class Probation {
  private static final System.Logger LOG = System.getLogger(Probation.class.getName());

  private final ExpertHost host;
  private final Consumer<String> failed;

  /**
   * @param failed told on the computing thread, with one sentence, that the replica is broken; the
   *     host was stopped
   */
  public Probation(ExpertHost host, Consumer<String> failed) {
    this.host = Objects.requireNonNull(host, "host");
    this.failed = Objects.requireNonNull(failed, "failed");
  }

  /**
   * Returns at once.
   *
   * @param passed called on the computing thread if every expert passes
   */
  public void prove(Runnable passed) {
    host.betweenBatches(
        () -> {
          try {
            SelfTest.run(host.engine());
          } catch (RuntimeException e) {
            host.stop();
            failed.accept("A router ejected this replica. " + e.getMessage());
            return;
          }
          LOG.log(System.Logger.Level.INFO, "Passed its self-test again after an ejection");
          passed.run();
        });
  }
}
