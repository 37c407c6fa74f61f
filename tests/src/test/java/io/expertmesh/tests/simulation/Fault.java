package io.expertmesh.tests.simulation;

/** Something that goes wrong at some time, and after a while is well again by itself. */
sealed interface Fault {
  /** Makes it go wrong, and plans how it becomes well. */
  void strike(SimMesh mesh);

  /** Nanoseconds after which nothing is left of it but its consequences. */
  long lasts();

  /** A replica dies; another process takes its place. */
  record KillReplica(int replica, long lasts) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      SimReplica victim = mesh.replica(replica);
      victim.kill();
      mesh.heal(lasts, victim.name() + " restarts", victim::start);
    }
  }

  /** A replica dies and is back before anybody has noticed. */
  record RestartReplica(int replica) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      mesh.replica(replica).kill();
      mesh.replica(replica).start();
    }

    @Override
    public long lasts() {
      return 0;
    }
  }

  /** A replica's connections break, and it joins again under the same name at once. */
  record FlapReplica(int replica) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      mesh.replica(replica).flap();
    }

    @Override
    public long lasts() {
      return 0;
    }
  }

  /** A replica stands still. */
  record PauseReplica(int replica, long lasts) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      SimReplica victim = mesh.replica(replica);
      victim.pause();
      mesh.heal(lasts, victim.name() + " goes on", victim::resume);
    }
  }

  /** A replica computes slowly. */
  record SlowReplica(int replica, int factor, long lasts) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      SimReplica victim = mesh.replica(replica);
      victim.slowness(factor);
      mesh.heal(lasts, victim.name() + " is fast again", () -> victim.slowness(1));
    }
  }

  /** A replica answers NaN until it is thrown out. */
  record AnswerNaN(int replica, long lasts) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      Misconduct.begin(mesh, replica, Conduct.NAN, lasts);
    }
  }

  /** A replica answers fewer rows than it was asked for. */
  record WrongShape(int replica, long lasts) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      Misconduct.begin(mesh, replica, Conduct.SHORT, lasts);
    }
  }

  /** A replica answers from other weights than it announced. */
  record WrongVersion(int replica, long lasts) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      Misconduct.begin(mesh, replica, Conduct.OTHER_WEIGHTS, lasts);
    }
  }

  /** A replica turns everything away as if its queue were full. */
  record RejectOverload(int replica, long lasts) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      Misconduct.begin(mesh, replica, Conduct.REFUSING, lasts);
    }
  }

  /** A replica leaves in good order, and another comes. */
  record DrainReplica(int replica, long lasts) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      SimReplica victim = mesh.replica(replica);
      victim.drain();
      mesh.heal(
          lasts,
          victim.name() + " is replaced",
          () -> {
            victim.kill();
            victim.start();
          });
    }
  }

  /** Nothing passes between a router and a replica. */
  record PartitionRouterExpert(int router, int replica, long lasts) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      SimRouter side = mesh.router(router);
      SimReplica other = mesh.replica(replica);
      if (!other.isPartitioned(side)) {
        other.partition(side, true);
        mesh.heal(lasts, "the partition ends", () -> other.partition(side, false));
      }
    }
  }

  /** A router dies with all it has in flight; a new one takes its place. */
  record LoseRouter(int router, long lasts) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      SimRouter victim = mesh.router(router);
      if (victim.up()) {
        victim.kill();
        mesh.heal(lasts, victim.name() + " restarts", victim::restart);
      }
    }
  }

  /** An engine's streams to the routers break. */
  record BreakStreams(int engine) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      mesh.engine(engine).streams().forEach(stream -> stream.breakOff(true));
    }

    @Override
    public long lasts() {
      return 0;
    }
  }

  /** The client of a request leaves. */
  record CancelRequest(int request) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      mesh.cancel(request);
    }

    @Override
    public long lasts() {
      return 0;
    }
  }

  /** The client of a request stops reading. */
  record StallReader(int request, long lasts) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      mesh.stall(request, lasts);
    }
  }

  /** Many requests at once. */
  record BurstOfRequests(int count) implements Fault {
    @Override
    public void strike(SimMesh mesh) {
      for (int i = 0; i < count; i++) {
        mesh.submitNext();
      }
    }

    @Override
    public long lasts() {
      return 0;
    }
  }
}
