package io.expertmesh.tests.reference;

import io.expertmesh.model.core.SafetensorsWriter;
import io.expertmesh.model.core.TensorSource;
import io.expertmesh.model.core.TensorType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Tensors that are drawn when they are first asked for. Whoever has computed with them has named
 * every tensor of its model, with its shape: these are then the checkpoint, no more and no fewer.
 */
final class RandomTensors {
  private final long seed;
  private final Map<String, Drawn> tensors = new TreeMap<>();

  private record Drawn(float[] values, List<Long> shape) {}

  RandomTensors(long seed) {
    this.seed = seed;
  }

  /** Rows whose products with rows of deviation 1 have deviation 1. */
  double[][] matrix(String name, int rows, int columns) {
    return matrix(name, rows, columns, 1);
  }

  /** Rows whose products with rows of deviation 1 have this deviation. */
  double[][] matrix(String name, int rows, int columns, double deviation) {
    float[] values = drawn(name, 0, deviation / Math.sqrt(columns), rows, columns);
    return rows(values, 0, rows, columns);
  }

  /** Matrices on top of each other. */
  double[][] slice(String name, int slice, int slices, int rows, int columns) {
    float[] values = drawn(name, 0, 1 / Math.sqrt(columns), slices, rows, columns);
    return rows(values, slice * rows * columns, rows, columns);
  }

  /** Values around a centre. */
  double[] vector(String name, double centre, double deviation, long... shape) {
    float[] values = drawn(name, centre, deviation, shape);
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  /** The values that were put in the place of a vector; empty if none were. */
  double[] given(String name) {
    Drawn drawn = tensors.get(name);
    return drawn == null ? new double[0] : vector(name, 0, 0, drawn.values.length);
  }

  /** A tensor of these values in the place of random ones. */
  void put(String name, float... values) {
    tensors.put(name, new Drawn(values.clone(), List.of((long) values.length)));
  }

  /** Writes all tensors that were asked for. */
  void write(Path file) {
    List<TensorSource> sources = new ArrayList<>();
    tensors.forEach(
        (name, drawn) ->
            sources.add(
                new TensorSource(
                    name, TensorType.F32, drawn.shape, out -> out.write(bytes(drawn.values)))));
    try {
      SafetensorsWriter.write(file, sources, Map.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ByteBuffer bytes(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytes.flip();
  }

  private static double[][] rows(float[] values, int from, int rows, int columns) {
    double[][] wide = new double[rows][columns];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        wide[row][column] = values[from + row * columns + column];
      }
    }
    return wide;
  }

  private float[] drawn(String name, double centre, double deviation, long... shape) {
    List<Long> wanted = new ArrayList<>();
    int count = 1;
    for (long length : shape) {
      wanted.add(length);
      count *= (int) length;
    }
    int values = count;
    Drawn drawn =
        tensors.computeIfAbsent(
            name,
            key -> {
              // a tensor's values depend on its name alone, not on when it is asked for
              Random random = new Random(seed * 1_000_003 + key.hashCode());
              float[] made = new float[values];
              for (int i = 0; i < values; i++) {
                made[i] = (float) (centre + deviation * random.nextGaussian());
              }
              return new Drawn(made, wanted);
            });
    if (!drawn.shape.equals(wanted)) {
      throw new IllegalStateException(name + " has shape " + drawn.shape + ", not " + wanted);
    }
    return drawn.values;
  }
}
