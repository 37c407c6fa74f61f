package io.expertmesh.model.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Attention of one token over pages: scores of a page at a time, exponentials, then values in the
 * order of the keys. With enough scratch, four query heads of a key-value head share each load.
 */
final class VectorAttention {
  private static final int PAGE = KvLayout.PAGE_TOKENS;

  /** Query heads that share the loads of a key-value head. */
  private static final int TOGETHER = 4;

  private VectorAttention() {}

  static void attend(
      MemorySegment layer,
      KvLayout layout,
      int[] pages,
      int firstKey,
      int keys,
      float[] q,
      int qOffset,
      int queryHeads,
      float scale,
      float[] out,
      int outOffset,
      float[] scratch) {
    Arguments.attend(layout, pages, firstKey, keys, queryHeads, scratch);
    int dim = layout.headDim();
    int group = queryHeads / layout.kvHeads();
    int firstPage = firstKey / PAGE;
    int endPage = (keys - 1) / PAGE + 1;
    int span = (endPage - firstPage) * PAGE;
    boolean shared = scratch.length >= TOGETHER * span && dim % (2 * Lanes.COUNT) == 0;
    float[] sums = Workspace.get().headSums;
    for (int kvHead = 0; kvHead < layout.kvHeads(); kvHead++) {
      for (int first = 0; first < group; ) {
        int heads = shared && group - first >= TOGETHER ? TOGETHER : 1;
        int head = kvHead * group + first;
        int query = qOffset + head * dim;
        int to = outOffset + head * dim;
        if (heads == TOGETHER) {
          AttentionScores.heads4(
              layer, layout, pages, firstPage, endPage, kvHead, q, query, scale, scratch, span);
        } else {
          AttentionScores.head(
              layer, layout, pages, firstPage, endPage, kvHead, q, query, scale, scratch);
        }
        for (int h = 0; h < heads; h++) {
          sums[h] = weigh(scratch, h * span, span, firstKey % PAGE, keys - firstPage * PAGE);
        }
        if (heads == TOGETHER) {
          AttentionValues.heads4(
              layer, layout, pages, firstKey, keys, kvHead, scratch, span, sums, out, to);
        } else {
          AttentionValues.head(
              layer, layout, pages, firstKey, keys, kvHead, scratch, sums[0], out, to);
        }
        first += heads;
      }
    }
  }

  /** Turns the scores {@code [from, end)} of a span of pages into weights and returns their sum. */
  private static float weigh(float[] scores, int offset, int span, int from, int end) {
    Arrays.fill(scores, offset, offset + from, Float.NEGATIVE_INFINITY);
    Arrays.fill(scores, offset + end, offset + span, Float.NEGATIVE_INFINITY);
    float max = VectorRows.max(scores, offset, span);
    return VectorRows.exponentials(scores, offset, span, max);
  }
}
