package io.expertmesh.tests.simulation;

/** What faults of one replica's answers have in common. */
final class Misconduct {
  private Misconduct() {}

  /** The process behaves badly; if nobody has thrown it out by then, it comes to its senses. */
  static void begin(SimMesh mesh, int replica, Conduct how, long nanos) {
    SimReplica victim = mesh.replica(replica);
    int incarnation = victim.incarnation();
    victim.conduct(how);
    mesh.heal(
        nanos,
        victim.name() + " is honest again",
        () -> {
          if (victim.incarnation() == incarnation) {
            victim.conduct(Conduct.HONEST);
          }
        });
  }
}
