package io.expertmesh.attention.core;

import io.expertmesh.model.kernel.Kernels;
import java.util.OptionalDouble;

/**
 * Chooses tokens and scores them. The order of the steps is: repetition penalty, presence and
 * frequency penalty, bias and forbidden ids on the raw logits; then temperature, top-k, top-p (on
 * the probabilities that top-k left), min-p, and one draw. Holds scratch memory; one thread at a
 * time.
 */
public final class Sampler {
  private final Kernels kernels;
  private final int vocab;
  private final float[] work;
  private final int[] counts;
  private final int[] order;

  public Sampler(Kernels kernels, int vocab) {
    this.kernels = kernels;
    this.vocab = vocab;
    this.work = new float[vocab];
    this.counts = new int[vocab];
    this.order = new int[vocab];
  }

  /**
   * Chooses the next token of a sequence.
   *
   * @param logits raw logits, {@code vocab} from {@code offset}; not changed
   */
  public int choose(float[] logits, int offset, Sequence sequence) {
    SamplingSettings settings = sequence.request().sampling();
    boolean masks =
        sequence.outputLength() < sequence.request().minTokens() && sequence.stops().length > 0;
    if (settings.temperature() == 0 && !settings.adjusts() && !masks) {
      return argmax(logits, offset);
    }
    System.arraycopy(logits, offset, work, 0, vocab);
    if (settings.adjusts()) {
      adjust(sequence, settings);
    }
    if (masks) {
      for (int stop : sequence.stops()) {
        work[stop] = Float.NEGATIVE_INFINITY;
      }
    }
    if (settings.temperature() == 0) {
      return argmax(work, 0);
    }
    double draw = CounterRandom.uniform(settings.seed(), sequence.length());
    return draw(settings, draw);
  }

  /**
   * Log-probability of a token under the raw logits, and the most probable ones.
   *
   * @param alternatives how many of the most probable tokens to name
   */
  public ScoredToken score(float[] logits, int offset, int id, int alternatives) {
    double logSum = kernels.logSumExp(logits, offset, vocab);
    int k = Math.min(alternatives, vocab);
    int[] ids = new int[k];
    float[] logprobs = new float[k];
    if (k > 0) {
      kernels.topK(logits, offset, vocab, k, ids, 0);
    }
    for (int i = 0; i < k; i++) {
      logprobs[i] = (float) (logits[offset + ids[i]] - logSum);
    }
    float logprob = (float) (logits[offset + id] - logSum);
    return new ScoredToken(id, OptionalDouble.of(logprob), ids, logprobs);
  }

  private int argmax(float[] x, int offset) {
    int best = 0;
    float max = x[offset];
    for (int i = 1; i < vocab; i++) {
      if (x[offset + i] > max) {
        max = x[offset + i];
        best = i;
      }
    }
    return best;
  }

  private void adjust(Sequence sequence, SamplingSettings settings) {
    int[] ids = sequence.ids();
    int prompt = sequence.request().promptLength();
    if (settings.repetitionPenalty() != 1) {
      for (int i = 0; i < sequence.length(); i++) {
        if (counts[ids[i]]++ == 0) {
          float logit = work[ids[i]];
          float penalty = settings.repetitionPenalty();
          work[ids[i]] = logit > 0 ? logit / penalty : logit * penalty;
        }
      }
      clearCounts(ids, 0, sequence.length());
    }
    for (int i = prompt; i < sequence.length(); i++) {
      counts[ids[i]]++;
    }
    for (int i = prompt; i < sequence.length(); i++) {
      int count = counts[ids[i]];
      if (count > 0) {
        work[ids[i]] -= settings.frequencyPenalty() * count + settings.presencePenalty();
        counts[ids[i]] = 0;
      }
    }
    int[] biasIds = settings.biasIds();
    float[] biases = settings.biases();
    for (int i = 0; i < biasIds.length; i++) {
      work[biasIds[i]] += biases[i];
    }
  }

  private void clearCounts(int[] ids, int from, int to) {
    for (int i = from; i < to; i++) {
      counts[ids[i]] = 0;
    }
  }

  private int draw(SamplingSettings settings, double draw) {
    for (int i = 0; i < vocab; i++) {
      work[i] /= settings.temperature();
    }
    int kept = vocab;
    boolean ordered = settings.topK() > 0 && settings.topK() < vocab;
    if (ordered) {
      kept = settings.topK();
      kernels.topK(work, 0, vocab, kept, order, 0);
      float[] best = new float[kept];
      for (int i = 0; i < kept; i++) {
        best[i] = work[order[i]];
      }
      kernels.softmax(best, 0, kept);
      for (int i = 0; i < kept; i++) {
        work[order[i]] = best[i];
      }
    } else {
      kernels.softmax(work, 0, vocab);
      for (int i = 0; i < vocab; i++) {
        order[i] = i;
      }
    }
    if (settings.topP() < 1) {
      kept = ordered ? nucleusOfOrdered(kept, settings.topP()) : nucleus(settings.topP());
    }
    return pick(kept, settings.minP(), draw);
  }

  /** Smallest head of the ordered candidates whose probabilities reach {@code topP}. */
  private int nucleusOfOrdered(int candidates, float topP) {
    double sum = 0;
    for (int i = 0; i < candidates; i++) {
      sum += work[order[i]];
      if (sum >= topP) {
        return i + 1;
      }
    }
    return candidates;
  }

  /** The same over the whole vocabulary: pops a heap only until the sum is reached. */
  private int nucleus(float topP) {
    CandidateHeap heap = new CandidateHeap(work, order, vocab);
    double sum = 0;
    int kept = 0;
    while (sum < topP && kept < vocab) {
      sum += work[heap.pop()];
      kept++;
    }
    heap.reversePopped(kept);
    return kept;
  }

  private int pick(int kept, float minP, double draw) {
    float max = 0;
    for (int i = 0; i < kept; i++) {
      max = Math.max(max, work[order[i]]);
    }
    float floor = minP * max;
    double total = 0;
    for (int i = 0; i < kept; i++) {
      float p = work[order[i]];
      total += p >= floor ? p : 0;
    }
    double point = draw * total;
    int last = order[0];
    for (int i = 0; i < kept; i++) {
      float p = work[order[i]];
      if (p >= floor && p > 0) {
        point -= p;
        last = order[i];
        if (point < 0) {
          return last;
        }
      }
    }
    return last;
  }
}
