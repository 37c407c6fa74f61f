package io.expertmesh.model.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Parts of a file. Immutable.
 *
 * @param ranges ascending, none empty, each apart from the next
 */
public record ByteRanges(List<Range> ranges) {
  /** No byte at all. */
  public static final ByteRanges NONE = new ByteRanges(List.of());

  public ByteRanges {
    ranges = List.copyOf(ranges);
    long end = -1;
    for (Range range : ranges) {
      if (range.from() <= end) {
        throw new IllegalArgumentException("ranges must be ascending and apart: " + range);
      }
      end = range.to();
    }
  }

  /**
   * Bytes next to each other.
   *
   * @param from first one
   * @param to one past the last, more than {@code from}
   */
  public record Range(long from, long to) {
    public Range {
      if (from < 0 || to <= from) {
        throw new IllegalArgumentException("no range: " + from + " to " + to);
      }
    }

    /** Number of bytes. */
    public long bytes() {
      return to - from;
    }
  }

  /** What is in any of these ranges, which may overlap and be in any order. */
  public static ByteRanges of(List<Range> any) {
    return merged(any, 0);
  }

  private static ByteRanges merged(List<Range> any, long gap) {
    List<Range> sorted = new ArrayList<>(any);
    sorted.sort(Comparator.comparingLong(Range::from));
    List<Range> apart = new ArrayList<>();
    for (Range next : sorted) {
      if (apart.isEmpty() || next.from() - apart.getLast().to() > gap) {
        apart.add(next);
      } else if (next.to() > apart.getLast().to()) {
        apart.add(new Range(apart.removeLast().from(), next.to()));
      }
    }
    return new ByteRanges(apart);
  }

  /** Number of bytes. */
  public long bytes() {
    return ranges.stream().mapToLong(Range::bytes).sum();
  }

  /** What is in this or in the other. */
  public ByteRanges plus(ByteRanges other) {
    List<Range> all = new ArrayList<>(ranges);
    all.addAll(other.ranges);
    return of(all);
  }

  /** What is in this and not in the other. */
  public ByteRanges minus(ByteRanges other) {
    List<Range> left = new ArrayList<>();
    int next = 0;
    for (Range range : ranges) {
      long at = range.from();
      while (next < other.ranges.size() && other.ranges.get(next).to() <= at) {
        next++;
      }
      for (int i = next; i < other.ranges.size() && at < range.to(); i++) {
        Range hole = other.ranges.get(i);
        if (hole.from() >= range.to()) {
          break;
        }
        if (hole.from() > at) {
          left.add(new Range(at, hole.from()));
        }
        at = Math.max(at, hole.to());
      }
      if (at < range.to()) {
        left.add(new Range(at, range.to()));
      }
    }
    return new ByteRanges(left);
  }

  /** The same, with gaps of at most so many bytes filled. */
  public ByteRanges bridged(long gap) {
    return merged(ranges, gap);
  }

  /** The same, cut into pieces of at most so many bytes. */
  public List<Range> pieces(long most) {
    List<Range> pieces = new ArrayList<>();
    for (Range range : ranges) {
      for (long at = range.from(); at < range.to(); at += most) {
        pieces.add(new Range(at, Math.min(range.to(), at + most)));
      }
    }
    return pieces;
  }

  /** Bytes on a disk that keeps blocks of this size and leaves out those without data. */
  public long onDisk(long block) {
    List<Range> blocks = new ArrayList<>();
    for (Range range : ranges) {
      blocks.add(new Range(range.from() / block * block, Math.ceilDiv(range.to(), block) * block));
    }
    return of(blocks).bytes();
  }

  /** True if all bytes from {@code from} up to {@code to} are in here. */
  public boolean covers(long from, long to) {
    if (from >= to) {
      return true;
    }
    int low = 0;
    int high = ranges.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      Range range = ranges.get(middle);
      if (range.to() <= from) {
        low = middle + 1;
      } else if (range.from() > from) {
        high = middle - 1;
      } else {
        return range.to() >= to;
      }
    }
    return false;
  }
}
