package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Weights of the vector provider: panels of {@link Lanes#PANEL} outputs, each panel a run of memory
 * that a product reads from front to back. For one input k a panel holds the weights of its
 * outputs; of bf16 weights, a 32-bit lane holds those of two outputs that stand one vector apart.
 * The last panel is filled up with zeros.
 */
final class PanelMatrix implements PackedMatrix {
  private static final int CHUNK = 32;

  private final int rows;
  private final int columns;
  private final DType activations;
  private final boolean bf16;
  private final MemorySegment[] panels;
  private final long bytes;

  private PanelMatrix(WeightReader reader, DType activations, MemorySegment[] panels, long bytes) {
    this.rows = reader.rows();
    this.columns = reader.columns();
    this.activations = activations;
    this.bf16 = reader.isBf16();
    this.panels = panels;
    this.bytes = bytes;
  }

  static PanelMatrix pack(WeightReader reader, DType activations, Arena arena) {
    int count = (reader.rows() + Lanes.PANEL - 1) / Lanes.PANEL;
    int elementBytes = reader.isBf16() ? Short.BYTES : Float.BYTES;
    int panelBytes =
        Math.multiplyExact(reader.columns(), Math.multiplyExact(Lanes.PANEL, elementBytes));
    MemorySegment all = WeightMemory.allocate((long) count * panelBytes, arena);
    MemorySegment[] panels = new MemorySegment[count];
    for (int p = 0; p < count; p++) {
      panels[p] = all.asSlice((long) p * panelBytes, panelBytes);
      if (reader.isBf16()) {
        packPairs(reader, p * Lanes.PANEL, panels[p]);
      } else {
        packFloats(reader, p * Lanes.PANEL, panels[p]);
      }
    }
    return new PanelMatrix(reader, activations, panels, all.byteSize());
  }

  private static void packPairs(WeightReader reader, int firstRow, MemorySegment panel) {
    int lanes = Lanes.COUNT;
    short[] low = new short[CHUNK];
    short[] high = new short[CHUNK];
    for (int k = 0; k < reader.columns(); k += CHUNK) {
      int count = Math.min(CHUNK, reader.columns() - k);
      for (int lane = 0; lane < 2 * lanes; lane++) {
        int row = firstRow + lane / lanes * 2 * lanes + lane % lanes;
        readBits(reader, row, k, count, low);
        readBits(reader, row + lanes, k, count, high);
        for (int i = 0; i < count; i++) {
          int pair = high[i] << 16 | Short.toUnsignedInt(low[i]);
          panel.setAtIndex(ValueLayout.JAVA_INT, (long) (k + i) * 2 * lanes + lane, pair);
        }
      }
    }
  }

  private static void readBits(WeightReader reader, int row, int k, int count, short[] out) {
    if (row < reader.rows()) {
      reader.readBits(row, k, count, out);
    } else {
      Arrays.fill(out, (short) 0);
    }
  }

  private static void packFloats(WeightReader reader, int firstRow, MemorySegment panel) {
    float[] values = new float[CHUNK];
    panel.fill((byte) 0);
    int end = Math.min(Lanes.PANEL, reader.rows() - firstRow);
    for (int k = 0; k < reader.columns(); k += CHUNK) {
      int count = Math.min(CHUNK, reader.columns() - k);
      for (int lane = 0; lane < end; lane++) {
        reader.read(firstRow + lane, k, count, values);
        for (int i = 0; i < count; i++) {
          panel.setAtIndex(ValueLayout.JAVA_FLOAT, (long) (k + i) * Lanes.PANEL + lane, values[i]);
        }
      }
    }
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int columns() {
    return columns;
  }

  @Override
  public DType activations() {
    return activations;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  boolean bf16() {
    return bf16;
  }

  int panelCount() {
    return panels.length;
  }

  MemorySegment panel(int index) {
    return panels[index];
  }
}
