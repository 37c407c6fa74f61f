package io.expertmesh.gateway.core.generation;

/**
 * All attention replicas as one engine: chooses a replica, and when it is lost continues the
 * sequence on another one from the prompt and the ids generated so far. Since draws depend on seed
 * and position only, the tokens are those that the lost replica would have produced.
 */
public final class ResumingEngine implements GenerationEngine {
  private final ReplicaBoard board;
  private final Timer timer;
  private final long patienceMillis;

  /**
   * @param patienceMillis how long an interrupted sequence waits for a replica to continue on
   */
  public ResumingEngine(ReplicaBoard board, Timer timer, long patienceMillis) {
    this.board = board;
    this.timer = timer;
    this.patienceMillis = patienceMillis;
  }

  @Override
  public GenerationCall generate(GenerationSpec spec, GenerationListener listener) {
    ResumingCall call = new ResumingCall(spec, listener, board, timer, patienceMillis);
    call.start();
    return call;
  }
}
