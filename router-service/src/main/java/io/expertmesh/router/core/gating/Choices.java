package io.expertmesh.router.core.gating;

/** The choices of the tokens of a group: up to k experts each, kept or dropped. */
final class Choices {
  private final int k;
  private int[] experts = new int[0];
  private float[] weights = new float[0];
  private boolean[] kept = new boolean[0];

  Choices(int k) {
    this.k = k;
  }

  /** Makes room; the choices are undefined until they are set. */
  void begin(int tokens) {
    if (experts.length < tokens * k) {
      int length = Math.max(tokens * k, 2 * experts.length);
      experts = new int[length];
      weights = new float[length];
      kept = new boolean[length];
    }
  }

  /** Sets a choice that is kept. A negative expert is no choice at all. */
  void set(int token, int slot, int expert, float weight) {
    int at = token * k + slot;
    experts[at] = expert;
    weights[at] = weight;
    kept[at] = true;
  }

  int expert(int token, int slot) {
    return experts[token * k + slot];
  }

  float weight(int token, int slot) {
    return weights[token * k + slot];
  }

  boolean kept(int token, int slot) {
    return kept[token * k + slot];
  }

  void weight(int token, int slot, float weight) {
    weights[token * k + slot] = weight;
  }

  void drop(int token, int slot) {
    kept[token * k + slot] = false;
  }

  /** Drops a choice that its expert has no room for. */
  void seat(int token, int slot, Seats seats) {
    int expert = expert(token, slot);
    if (expert >= 0 && !seats.take(expert)) {
      drop(token, slot);
    }
  }

  /** Adds a token's choices in ascending order of experts. */
  void emit(int token, Assignments out) {
    int from = token * k;
    for (int i = from + 1; i < from + k; i++) {
      for (int j = i; j > from && experts[j - 1] > experts[j]; j--) {
        swap(j - 1, j);
      }
    }
    for (int i = from; i < from + k; i++) {
      if (experts[i] < 0) {
        continue;
      }
      if (kept[i]) {
        out.add(experts[i], weights[i]);
      } else {
        out.addDropped(experts[i], weights[i]);
      }
    }
  }

  private void swap(int i, int j) {
    int expert = experts[i];
    experts[i] = experts[j];
    experts[j] = expert;
    float weight = weights[i];
    weights[i] = weights[j];
    weights[j] = weight;
    boolean keep = kept[i];
    kept[i] = kept[j];
    kept[j] = keep;
  }
}
