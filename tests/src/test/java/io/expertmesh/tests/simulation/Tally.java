package io.expertmesh.tests.simulation;

import io.expertmesh.protocol.core.ErrorCode;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What happened over one or many runs: shows that the faults do bite. */
final class Tally {
  long events;
  long completed;
  long preemptions;
  long evictions;
  long reusedTokens;
  long retries;
  long ejections;
  long lateReplies;
  long unavailableRows;
  final Map<ErrorCode, Long> failed = new TreeMap<>();

  void ended(@Nullable ErrorCode failure) {
    if (failure == null) {
      completed++;
    } else {
      failed.merge(failure, 1L, Long::sum);
    }
  }

  void add(Tally other) {
    events += other.events;
    completed += other.completed;
    preemptions += other.preemptions;
    evictions += other.evictions;
    reusedTokens += other.reusedTokens;
    retries += other.retries;
    ejections += other.ejections;
    lateReplies += other.lateReplies;
    unavailableRows += other.unavailableRows;
    other.failed.forEach((code, count) -> failed.merge(code, count, Long::sum));
  }

  @Override
  public String toString() {
    return "%d events; %d requests completed, failed %s; %d preemptions, %d evicted pages, %d reused tokens; %d pairs retried, %d ejections, %d late replies, %d unavailable rows"
        .formatted(
            events,
            completed,
            failed,
            preemptions,
            evictions,
            reusedTokens,
            retries,
            ejections,
            lateReplies,
            unavailableRows);
  }
}
