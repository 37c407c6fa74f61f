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

  private static final ScoreRule PLAIN = ScoreRule.scaled(1);

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
      ScoreRule rule,
      float[] out,
      int outOffset,
      float[] scratch) {
    Arguments.attend(layout, pages, firstKey, keys, queryHeads, rule, scratch);
    int dim = layout.headDim();
    int group = queryHeads / layout.kvHeads();
    int firstPage = firstKey / PAGE;
    int endPage = (keys - 1) / PAGE + 1;
    int span = (endPage - firstPage) * PAGE;
    boolean shared = scratch.length >= TOGETHER * span && dim % (2 * Lanes.COUNT) == 0;
    float[] sums = Workspace.get().headSums;
    long stride = layout.pageBytes();
    for (int kvHead = 0; kvHead < layout.kvHeads(); kvHead++) {
      long origin = KvPages.keys(layout, 0, kvHead);
      for (int first = 0; first < group; ) {
        int heads = shared && group - first >= TOGETHER ? TOGETHER : 1;
        int head = kvHead * group + first;
        int query = qOffset + head * dim;
        int to = outOffset + head * dim;
        score(
            layer,
            origin,
            stride,
            dim,
            pages,
            firstPage,
            endPage,
            heads,
            q,
            query,
            rule.scale(),
            scratch,
            span);
        for (int h = 0; h < heads; h++) {
          bend(rule, head + h, scratch, h * span, span, firstPage * PAGE - keys + 1);
          sums[h] =
              weigh(
                  rule,
                  head + h,
                  scratch,
                  h * span,
                  span,
                  firstKey % PAGE,
                  keys - firstPage * PAGE);
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

  static void attendLatent(
      MemorySegment memory,
      LatentLayout layout,
      int[] pages,
      int keys,
      float[] q,
      int qOffset,
      int queryHeads,
      float scale,
      float[] out,
      int outOffset,
      float[] scratch) {
    Arguments.attendLatent(pages, keys, queryHeads, scratch);
    int width = layout.width();
    int endPage = (keys - 1) / PAGE + 1;
    int span = endPage * PAGE;
    boolean shared = scratch.length >= TOGETHER * span;
    float[] sums = Workspace.get().headSums;
    ScoreRule rule = PLAIN;
    for (int head = 0; head < queryHeads; ) {
      int heads = shared && queryHeads - head >= TOGETHER ? TOGETHER : 1;
      int query = qOffset + head * width;
      score(
          memory,
          0,
          layout.pageBytes(),
          width,
          pages,
          0,
          endPage,
          heads,
          q,
          query,
          scale,
          scratch,
          span);
      for (int h = 0; h < heads; h++) {
        sums[h] = weigh(rule, 0, scratch, h * span, span, 0, keys);
      }
      int to = outOffset + head * layout.rank();
      LatentValues.sum(memory, layout, pages, keys, heads, scratch, span, sums, out, to);
      head += heads;
    }
  }

  /** Scaled products of one or four query heads with the keys of pages. */
  private static void score(
      MemorySegment memory,
      long origin,
      long stride,
      int dim,
      int[] pages,
      int firstPage,
      int endPage,
      int heads,
      float[] q,
      int query,
      float scale,
      float[] scratch,
      int span) {
    if (heads == TOGETHER) {
      AttentionScores.heads4(
          memory, origin, stride, dim, pages, firstPage, endPage, q, query, scale, scratch, span);
    } else {
      AttentionScores.head(
          memory, origin, stride, dim, pages, firstPage, endPage, q, query, scale, scratch);
    }
  }

  /**
   * Applies what a rule does to scaled scores; slots without a key may get any value.
   *
   * @param distance position of the first slot minus that of the query
   */
  private static void bend(
      ScoreRule rule, int head, float[] scores, int offset, int span, int distance) {
    if (rule.softCap() > 0) {
      VectorRows.softCap(scores, offset, span, rule.softCap());
    }
    if (rule.slopes().length > 0) {
      VectorRows.addSlope(scores, offset, span, rule.slopes()[head], distance);
    }
  }

  /**
   * Turns the scores {@code [from, end)} of a span of pages into weights and returns what they are
   * to be divided by.
   */
  private static float weigh(
      ScoreRule rule, int head, float[] scores, int offset, int span, int from, int end) {
    Arrays.fill(scores, offset, offset + from, Float.NEGATIVE_INFINITY);
    Arrays.fill(scores, offset + end, offset + span, Float.NEGATIVE_INFINITY);
    float max = rule.max(VectorRows.max(scores, offset, span), head);
    return rule.sum(VectorRows.exponentials(scores, offset, span, max), max, head);
  }
}
