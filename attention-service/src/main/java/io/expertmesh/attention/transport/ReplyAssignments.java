package io.expertmesh.attention.transport;

import io.expertmesh.attention.core.RowAssignments;
import io.expertmesh.protocol.v1.RoutedReply;
import java.util.TreeMap;

/** Puts the assignments of a batch together from the replies to its parts. */
final class ReplyAssignments {
  /** Replies by the first row of their part. */
  private final TreeMap<Integer, RoutedReply> parts = new TreeMap<>();

  /** Takes the reply to a part; false if its assignments contradict each other. */
  boolean take(RoutedPart part, RoutedReply reply) {
    int pairs = 0;
    for (int count : reply.getAssignmentCountsList()) {
      pairs += count;
    }
    boolean sound =
        reply.getAssignmentCountsCount() == part.rows()
            && reply.getAssignmentExpertsCount() == pairs
            && reply.getAssignmentWeightsCount() == pairs
            && reply.getDroppedRowsCount() == reply.getDroppedExpertsCount()
            && reply.getDroppedRowsCount() == reply.getDroppedWeightsCount()
            && reply.getDroppedRowsList().stream().allMatch(row -> row >= 0 && row < part.rows());
    if (sound) {
      parts.put(part.firstRow(), reply);
    }
    return sound;
  }

  /** The assignments of all rows, once every part was taken. */
  RowAssignments all(int rows) {
    int pairs = parts.values().stream().mapToInt(RoutedReply::getAssignmentExpertsCount).sum();
    int[] starts = new int[rows + 1];
    int[] experts = new int[pairs];
    float[] weights = new float[pairs];
    int[] droppedStarts = new int[rows + 1];
    int drops = parts.values().stream().mapToInt(RoutedReply::getDroppedExpertsCount).sum();
    int[] dropped = new int[drops];
    float[] droppedWeights = new float[drops];
    int dropsSoFar = 0;
    int row = 0;
    int pair = 0;
    for (RoutedReply part : parts.values()) {
      int firstRow = row;
      int partPair = 0;
      int drop = 0;
      for (int count : part.getAssignmentCountsList()) {
        for (int i = 0; i < count; i++, pair++, partPair++) {
          experts[pair] = part.getAssignmentExperts(partPair);
          weights[pair] = part.getAssignmentWeights(partPair);
        }
        while (drop < part.getDroppedRowsCount() && part.getDroppedRows(drop) == row - firstRow) {
          dropped[dropsSoFar] = part.getDroppedExperts(drop);
          droppedWeights[dropsSoFar++] = part.getDroppedWeights(drop++);
        }
        row++;
        starts[row] = pair;
        droppedStarts[row] = dropsSoFar;
      }
    }
    return new RowAssignments(starts, experts, weights, droppedStarts, dropped, droppedWeights);
  }
}
