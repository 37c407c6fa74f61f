package io.expertmesh.router.transport;

import io.expertmesh.protocol.v1.AssignReply;
import io.expertmesh.protocol.v1.RoutedReply;
import io.expertmesh.router.core.gating.Assignments;
import io.expertmesh.router.core.gating.PairList;

/** Puts assignments into messages. */
final class AssignmentMessages {
  private AssignmentMessages() {}

  static void write(Assignments assignments, AssignReply.Builder reply) {
    for (int row = 0; row < assignments.rows(); row++) {
      reply.addCounts(assignments.start(row + 1) - assignments.start(row));
      if (assignments.nonFinite(row)) {
        reply.addNonFiniteRows(row);
      }
    }
    for (int pair = 0; pair < assignments.pairs(); pair++) {
      reply.addExperts(assignments.expert(pair));
      reply.addWeights(assignments.weight(pair));
    }
    PairList dropped = assignments.dropped();
    for (int i = 0; i < dropped.size(); i++) {
      reply.addDroppedRows(dropped.row(i));
      reply.addDroppedExperts(dropped.expert(i));
      reply.addDroppedWeights(dropped.weight(i));
    }
  }

  static void write(Assignments assignments, RoutedReply.Builder reply) {
    for (int row = 0; row < assignments.rows(); row++) {
      reply.addAssignmentCounts(assignments.start(row + 1) - assignments.start(row));
    }
    for (int pair = 0; pair < assignments.pairs(); pair++) {
      reply.addAssignmentExperts(assignments.expert(pair));
      reply.addAssignmentWeights(assignments.weight(pair));
    }
    PairList dropped = assignments.dropped();
    for (int i = 0; i < dropped.size(); i++) {
      reply.addDroppedRows(dropped.row(i));
      reply.addDroppedExperts(dropped.expert(i));
      reply.addDroppedWeights(dropped.weight(i));
    }
  }
}
