package io.expertmesh.router.core;

import io.expertmesh.router.core.gating.Assignments;
import io.expertmesh.router.core.gating.GatingPolicy;
import io.expertmesh.router.core.gating.UndecidableException;
import java.util.Arrays;

/** Hands the rows of a call to a policy, group by group where it needs groups. */
final class GroupedRows {
  private final Grouped grouped;
  private int[] seen = new int[16];

  GroupedRows(Grouped grouped) {
    this.grouped = grouped;
  }

  void assign(GatingPolicy policy, float[] logits, RouteRequest request, Assignments out) {
    int rows = request.rowCount();
    if (policy.batchInvariant() || grouped == Grouped.POOLED) {
      policy.assign(logits, request.tokenIds(), 0, rows, out);
    } else {
      byRequest(policy, logits, request, out);
    }
  }

  private void byRequest(
      GatingPolicy policy, float[] logits, RouteRequest request, Assignments out) {
    int[] groups = request.groups();
    int[] lengths = request.groupLengths();
    int rows = request.rowCount();
    if (groups.length != rows) {
      throw new UndecidableException(
          "groups has %d values for %d rows, and the policy of layer %d assigns the rows of one request together"
              .formatted(groups.length, rows, request.layer()));
    }
    int count = 0;
    for (int from = 0; from < rows; count++) {
      int to = from + 1;
      while (to < rows && groups[to] == groups[from]) {
        to++;
      }
      if (count == lengths.length) {
        throw new UndecidableException(
            "group_lengths has only %d values, must have one for every request of the call"
                .formatted(lengths.length));
      }
      int prompt = lengths[count];
      if (prompt < 0 || prompt > to - from) {
        throw new UndecidableException(
            "a request has %s rows and only %d of them are in the call, but the policy of layer %d assigns all rows of a prompt together"
                .formatted(Integer.toUnsignedString(prompt), to - from, request.layer()));
      }
      if (prompt > 0) {
        policy.assign(logits, request.tokenIds(), from, from + prompt, out);
      }
      if (from + prompt < to) {
        policy.assignDecoding(logits, request.tokenIds(), from + prompt, to, out);
      }
      remember(count, groups[from]);
      from = to;
    }
    requireDistinct(count);
  }

  private void remember(int count, int group) {
    if (seen.length == count) {
      seen = Arrays.copyOf(seen, 2 * count);
    }
    seen[count] = group;
  }

  private void requireDistinct(int count) {
    Arrays.sort(seen, 0, count);
    for (int i = 1; i < count; i++) {
      if (seen[i] == seen[i - 1]) {
        throw new UndecidableException(
            "groups names %s twice, with other requests' rows between"
                .formatted(Integer.toUnsignedString(seen[i])));
      }
    }
  }
}
