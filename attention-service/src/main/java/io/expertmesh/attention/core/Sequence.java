package io.expertmesh.attention.core;

import io.expertmesh.protocol.core.ErrorCode;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One request while it is in the scheduler. Changed by the scheduler's thread only. */
public final class Sequence {
  /** Order of arrival. */
  static final Comparator<Sequence> BY_ARRIVAL = Comparator.comparingLong(Sequence::number);

  /** Log-probabilities that one chunk of a prompt may give out. */
  static final int MAX_SCORES_PER_CHUNK = 1 << 18;

  private static final int MAX_ROUTED_PER_CHUNK = 256;

  private final long number;
  private final GenerationRequest request;
  private final PageTable table;
  private final int[] stops;
  private final boolean whole;
  private int[] ids;
  private int length;
  private int computed;
  private int scored;
  private int routed;
  private SequenceState state = SequenceState.WAITING;
  private int cachedTokens = -1;
  private int preemptions;
  private boolean inStep;
  private boolean paused;
  private long pausedSince;
  private @Nullable Outcome outcome;
  private @Nullable Outcome pendingOutcome;
  private @Nullable ErrorCode blockedBy;
  private String blockedDetail = "";
  private int blockedTimes;
  private long blockedSince;
  private long notBefore = Long.MIN_VALUE;

  /**
   * @param whole the prompt is computed in one chunk, all of it and nothing from the prefix cache
   */
  Sequence(long number, GenerationRequest request, int[] eosIds, boolean whole, PagePool pool) {
    this.whole = whole;
    this.number = number;
    this.request = request;
    this.table = pool.table(request);
    this.stops = stops(request, eosIds);
    this.ids = request.promptIds();
    this.length = ids.length;
    this.routed = request.routingFrom().orElse(Integer.MAX_VALUE);
  }

  /** Position in the order of arrival, and the number that the rows of this request share. */
  public long number() {
    return number;
  }

  /** What was asked for. */
  public GenerationRequest request() {
    return request;
  }

  /** Where it stands. */
  public SequenceState state() {
    return state;
  }

  /** Prompt and generated ids; valid up to {@link #length()}, until the next token is appended. */
  public int[] ids() {
    return ids;
  }

  /** Prompt and generated ids known so far. */
  public int length() {
    return length;
  }

  /** Positions whose keys and values are in the pages. */
  public int computed() {
    return computed;
  }

  /** Prompt positions whose log-probabilities were given out. */
  public int scored() {
    return scored;
  }

  /** Positions whose experts were told, or are not wanted. */
  int routed() {
    return routed;
  }

  /** Ids generated so far, those of an earlier replica included. */
  public int outputLength() {
    return length - request.promptLength();
  }

  /** Prompt positions that were found in the prefix cache when the request was first admitted. */
  public int cachedTokens() {
    return Math.max(0, cachedTokens);
  }

  /** Times its pages were taken for others. */
  public int preemptions() {
    return preemptions;
  }

  /** Its pages. */
  public PageTable table() {
    return table;
  }

  /** How it ended, once it has. */
  public Optional<Outcome> outcome() {
    return Optional.ofNullable(outcome);
  }

  /** Ids that end it. */
  int[] stops() {
    return stops;
  }

  /** True if the last id is a generated one that ends the generation. */
  boolean stopped() {
    if (outputLength() == 0) {
      return false;
    }
    for (int stop : stops) {
      if (ids[length - 1] == stop) {
        return true;
      }
    }
    return false;
  }

  /** True while tokens are still to be generated. */
  boolean samples() {
    return outputLength() < request.maxTokens() && !stopped();
  }

  boolean scoresPrompt() {
    return request.promptLogprobs().isPresent() && scored < request.promptLength();
  }

  boolean tellsRouting() {
    return request.routingFrom().isPresent();
  }

  /** True while experts of prompt tokens are still to be told. */
  boolean routesPrompt() {
    return routed < request.promptLength();
  }

  /** True while there is anything left to compute for. */
  boolean unfinished() {
    return samples() || scoresPrompt() || routesPrompt();
  }

  /** Positions that have to be computed before the next thing can happen. */
  int target() {
    if (samples()) {
      return length;
    }
    if (routesPrompt()) {
      return request.promptLength();
    }
    if (!scoresPrompt()) {
      return 0;
    }
    // nothing is scored by the last position, but what comes before it may depend on it
    return whole ? request.promptLength() : request.promptLength() - 1;
  }

  int remaining() {
    return Math.max(0, target() - computed);
  }

  /** Positions that the next chunk has at least. */
  int together() {
    return whole && computed == 0 ? request.promptLength() : 1;
  }

  /** Positions that may come from the cache: rows whose logits or experts are needed are not. */
  int reusable() {
    if (whole) {
      return 0;
    }
    int limit = Math.min(target() - 1, routed);
    return scoresPrompt() ? Math.min(limit, Math.max(0, scored - 1)) : limit;
  }

  void append(int id) {
    if (length == ids.length) {
      ids = Arrays.copyOf(ids, length + Math.max(16, length / 2));
    }
    ids[length++] = id;
  }

  void advance(int upTo) {
    computed = upTo;
    table.computed(ids, upTo);
    blockedBy = null;
    blockedTimes = 0;
  }

  void scoredUpTo(int positions) {
    scored = positions;
  }

  void routedUpTo(int positions) {
    routed = positions;
  }

  void admit(int reused) {
    if (cachedTokens < 0) {
      cachedTokens = Math.min(reused, request.promptLength());
    }
    computed = reused;
    state = SequenceState.RUNNING;
  }

  void preempt() {
    table.release();
    computed = 0;
    preemptions++;
    state = SequenceState.WAITING;
  }

  void park(ErrorCode code, String detail, long now, long until) {
    if (blockedTimes == 0) {
      blockedSince = now;
    }
    blockedBy = code;
    blockedDetail = detail;
    blockedTimes++;
    notBefore = until;
    state = SequenceState.PARKED;
  }

  void unpark() {
    state = SequenceState.RUNNING;
  }

  int blockedTimes() {
    return blockedTimes;
  }

  /** When the first of the attempts in a row failed that could not be computed. */
  long blockedSince() {
    return blockedSince;
  }

  long notBefore() {
    return notBefore;
  }

  /** What a passed deadline means for this request. */
  Outcome.Failed lateness() {
    ErrorCode code = blockedBy;
    return code == null
        ? new Outcome.Failed(
            ErrorCode.DEADLINE_EXCEEDED,
            "the request's time was over after " + outputLength() + " generated tokens")
        : new Outcome.Failed(code, "not available until the request's deadline: " + blockedDetail);
  }

  /** Most positions of one chunk: bounds what a step yields at once for one reader. */
  int chunkLimit() {
    int limit = tellsRouting() ? MAX_ROUTED_PER_CHUNK : Integer.MAX_VALUE;
    return scoresPrompt()
        ? Math.clamp(MAX_SCORES_PER_CHUNK / (1 + request.promptLogprobs().orElse(0)), 1, limit)
        : limit;
  }

  /** True while its reader is behind. */
  boolean paused() {
    return paused;
  }

  void paused(boolean value, long now) {
    if (value && !paused) {
      pausedSince = now;
    }
    paused = value;
  }

  long pausedSince() {
    return pausedSince;
  }

  boolean inStep() {
    return inStep;
  }

  void inStep(boolean value) {
    inStep = value;
  }

  @Nullable Outcome pendingOutcome() {
    return pendingOutcome;
  }

  void pendingOutcome(Outcome pending) {
    pendingOutcome = pending;
  }

  void end(Outcome how) {
    if (outcome != null) {
      throw new IllegalStateException("request " + request.requestId() + " ended twice");
    }
    table.release();
    outcome = how;
    state = SequenceState.FINISHED;
  }

  private static int[] stops(GenerationRequest request, int[] eosIds) {
    int[] own = request.stopTokenIds();
    if (request.ignoreEos()) {
      return own;
    }
    int[] all = Arrays.copyOf(own, own.length + eosIds.length);
    System.arraycopy(eosIds, 0, all, own.length, eosIds.length);
    return all;
  }

  @Override
  public String toString() {
    return "sequence "
        + number
        + " "
        + state
        + " "
        + computed
        + "/"
        + length
        + " pages "
        + table.count();
  }
}
