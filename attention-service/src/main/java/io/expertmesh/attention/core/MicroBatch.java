package io.expertmesh.attention.core;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows of a step that travel through the layers together, with their residual stream and the angles
 * of their positions.
 */
final class MicroBatch {
  private final int hidden;
  private final List<RopeTable> ropes;
  final float[] residual;
  final float[] input;

  /** Rows of shared experts, while the routed rows are away; empty if the model has none. */
  final float[] shared;

  final int[] tokens;
  final int[] groups;

  /** As in {@link RoutedBatch}; empty if prompts may be taken apart. */
  final int[] promptRows;

  final int[] positions;
  final int[] chunks;

  /** Per rotary table the cosines of each row. */
  final float[][] cos;

  /** Per rotary table the sines of each row. */
  final float[][] sin;

  int rows;

  /** True if a request wants to know the experts of some of these rows. */
  boolean routingWanted;

  @Nullable Pending pending;

  /** A routed block that is being computed elsewhere, and the layer it belongs to. */
  record Pending(RoutedCall call, LayerWeights layer) {}

  MicroBatch(int capacity, ModelWeights weights) {
    hidden = weights.spec().hiddenSize();
    ropes = weights.ropes();
    residual = new float[capacity * hidden];
    input = new float[capacity * hidden];
    boolean sharing =
        weights.layers().stream()
            .anyMatch(
                layer ->
                    layer.channel() instanceof ChannelWeights.Routed routed
                        && routed.shared().isPresent());
    shared = new float[sharing ? capacity * hidden : 0];
    tokens = new int[capacity];
    groups = new int[capacity];
    promptRows = new int[weights.spec().wholePrompts() ? capacity : 0];
    positions = new int[capacity];
    chunks = new int[capacity];
    cos = new float[ropes.size()][];
    sin = new float[ropes.size()][];
    for (int i = 0; i < ropes.size(); i++) {
      cos[i] = new float[capacity * ropes.get(i).half()];
      sin[i] = new float[capacity * ropes.get(i).half()];
    }
  }

  void clear() {
    rows = 0;
    routingWanted = false;
    pending = null;
  }

  /**
   * Adds a position.
   *
   * @param prompt positions of the sequence's prompt that are added
   */
  void add(int chunk, Sequence sequence, int position, int prompt) {
    if (promptRows.length > 0) {
      promptRows[rows] = prompt;
    }
    tokens[rows] = sequence.ids()[position];
    groups[rows] = (int) sequence.number();
    positions[rows] = position;
    chunks[rows] = chunk;
    for (int i = 0; i < ropes.size(); i++) {
      RopeTable rope = ropes.get(i);
      int promptLength = sequence.request().promptLength();
      rope.angles(position, promptLength, cos[i], sin[i], rows * rope.half());
    }
    rows++;
  }

  /** Drops the rows of chunks that failed. Not while a call is pending. */
  void compact(StepResult result) {
    int kept = 0;
    for (int row = 0; row < rows; row++) {
      if (!result.alive(chunks[row])) {
        continue;
      }
      if (kept < row) {
        System.arraycopy(residual, row * hidden, residual, kept * hidden, hidden);
        tokens[kept] = tokens[row];
        groups[kept] = groups[row];
        if (promptRows.length > 0) {
          promptRows[kept] = promptRows[row];
        }
        positions[kept] = positions[row];
        chunks[kept] = chunks[row];
        for (int i = 0; i < ropes.size(); i++) {
          int half = ropes.get(i).half();
          System.arraycopy(cos[i], row * half, cos[i], kept * half, half);
          System.arraycopy(sin[i], row * half, sin[i], kept * half, half);
        }
      }
      kept++;
    }
    rows = kept;
  }
}
