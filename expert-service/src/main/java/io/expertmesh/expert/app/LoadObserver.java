package io.expertmesh.expert.app;

import io.expertmesh.expert.core.CallOutcome;
import io.expertmesh.expert.core.ComputeCall;
import io.expertmesh.expert.core.ExpertHost;
import io.expertmesh.protocol.core.LoadMeter;
import io.expertmesh.protocol.core.StatusBoard;

/** Brings what a shard does to the board and to the load events. */
record LoadObserver(StatusBoard board, LoadMeter meter) implements ExpertHost.BatchObserver {
  @Override
  public void computed(int block, int pairs, long nanos) {
    board.addTokens(pairs);
    board.latency(nanos);
    meter.computed(block, pairs, nanos);
  }

  @Override
  public void ended(ComputeCall call) {
    if (call.outcome() == CallOutcome.OVERLOADED) {
      meter.refused(call.pairs());
    } else {
      meter.waited(call.pairs(), call.queueNanos());
    }
  }
}
