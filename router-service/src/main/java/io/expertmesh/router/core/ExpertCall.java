package io.expertmesh.router.core;

import io.expertmesh.router.core.gating.Assignments;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One message to one replica: rows of a routed call, and the experts wanted for each. Reused; valid
 * for a link while {@link #id} stays the same.
 */
public final class ExpertCall {
  static final long ENDED = -1;
  static final Replica[] NOT_TRIED = {};

  private long id = ENDED;
  private @Nullable Replica replica;
  private @Nullable CallState owner;
  private int[] pairs = new int[64];
  private int pairCount;
  private int[] pairRows = new int[64];
  private int[] pairExperts = new int[64];
  private float[] rows = new float[0];
  private float[] gathered = new float[0];
  private int rowsOffset;
  private int rowCount;
  private Replica[] tried = NOT_TRIED;
  private boolean suspect;
  private boolean inOutbox;

  ExpertCall() {}

  void begin(long newId, Replica to, CallState call, Replica[] alreadyTried, boolean suspected) {
    id = newId;
    replica = to;
    owner = call;
    pairCount = 0;
    rowCount = 0;
    tried = alreadyTried;
    suspect = suspected;
  }

  void end() {
    id = ENDED;
    replica = null;
    owner = null;
    rows = gathered;
    tried = NOT_TRIED;
  }

  void addPairs(int[] source, int from, int count) {
    if (pairCount + count > pairs.length) {
      int size = Math.max(2 * pairs.length, pairCount + count);
      pairs = Arrays.copyOf(pairs, size);
      pairRows = new int[size];
      pairExperts = new int[size];
    }
    System.arraycopy(source, from, pairs, pairCount, count);
    pairCount += count;
  }

  /**
   * Gathers the rows that the pairs need, each once, in their order in the call.
   *
   * @param marks scratch, at least as long as the call has rows
   */
  void seal(int width, int[] marks) {
    RouteRequest request = owner().request();
    Assignments assignments = owner().assignments();
    int callRows = request.rowCount();
    Arrays.fill(marks, 0, callRows, 0);
    int distinct = 0;
    for (int i = 0; i < pairCount; i++) {
      int row = assignments.row(pairs[i]);
      distinct += marks[row] == 0 ? 1 : 0;
      marks[row] = 1;
    }
    rowCount = distinct;
    if (distinct == callRows) {
      // every row goes: no need to copy them
      rows = request.rows();
      rowsOffset = request.offset();
      for (int row = 0; row < callRows; row++) {
        marks[row] = row;
      }
    } else {
      gather(request, marks, width);
    }
    for (int i = 0; i < pairCount; i++) {
      pairRows[i] = marks[assignments.row(pairs[i])];
      pairExperts[i] = assignments.expert(pairs[i]);
    }
  }

  private void gather(RouteRequest request, int[] marks, int width) {
    if (gathered.length < rowCount * width) {
      gathered = new float[rowCount * width];
    }
    rows = gathered;
    rowsOffset = 0;
    int next = 0;
    for (int row = 0; row < request.rowCount(); row++) {
      if (marks[row] != 0) {
        System.arraycopy(
            request.rows(), request.offset() + row * width, gathered, next * width, width);
        marks[row] = next++;
      }
    }
  }

  /** The call's number, never used again by this router. */
  public long id() {
    return id;
  }

  /** Whom it goes to. */
  public Replica replica() {
    if (replica == null) {
      throw new IllegalStateException("the call has ended");
    }
    return replica;
  }

  CallState owner() {
    if (owner == null) {
      throw new IllegalStateException("the call has ended");
    }
    return owner;
  }

  /** Layer of all its experts. */
  public int layer() {
    return owner().request().layer();
  }

  /** When its result is worthless; {@link RouteRequest#NO_DEADLINE} if never. */
  public long deadlineNanos() {
    return owner().request().deadlineNanos();
  }

  /** Rows in the message. */
  public int rowCount() {
    return rowCount;
  }

  /** {@code rowCount × width} values from {@link #rowsOffset}; must not be changed. */
  public float[] rows() {
    return rows;
  }

  /** First float of the rows. */
  public int rowsOffset() {
    return rowsOffset;
  }

  /** Pairs asked for: rows of the answer. */
  public int pairCount() {
    return pairCount;
  }

  /** Row of this message that a pair is about. */
  public int pairRow(int pair) {
    return pairRows[pair];
  }

  /** Expert that a pair is about. */
  public int pairExpert(int pair) {
    return pairExperts[pair];
  }

  /** The call's pairs in its owner, those of one expert side by side. */
  int[] pairs() {
    return pairs;
  }

  Replica[] tried() {
    return tried;
  }

  Replica[] triedWithCurrent() {
    Replica[] all = Arrays.copyOf(tried, tried.length + 1);
    all[tried.length] = replica();
    return all;
  }

  /** True if another replica's answer for these pairs was not finite. */
  boolean suspect() {
    return suspect;
  }

  boolean inOutbox() {
    return inOutbox;
  }

  void inOutbox(boolean waiting) {
    inOutbox = waiting;
  }
}
