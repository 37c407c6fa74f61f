package io.expertmesh.attention.core;

import io.expertmesh.model.core.Checkpoint;
import io.expertmesh.model.core.Checkpoints;
import io.expertmesh.model.kernel.ComputePool;
import io.expertmesh.model.kernel.ComputePools;
import io.expertmesh.model.kernel.DType;
import io.expertmesh.model.kernel.KernelProviders;
import io.expertmesh.model.kernel.Kernels;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A checkpoint with what the reference implementation computes from it, and a stack on it. */
final class Golden implements AutoCloseable {
  private static final Path DIRECTORY = Path.of("../model/src/test/resources/golden");

  final Checkpoint checkpoint;
  final Kernels kernels;
  final ComputePool pool = ComputePools.of(2);
  final DirectRoutedLayers routed;
  final int vocab;
  final int length;
  final int[] inputIds;
  final float[] logits;
  final int[] greedyIds;
  private final Arena arena = Arena.ofShared();
  private final DType activations;
  private final ByteBuffer file;

  Golden(String name, DType activations) throws IOException {
    this.activations = activations;
    checkpoint = Checkpoints.open(DIRECTORY.resolve(name));
    kernels = KernelProviders.select("vector", activations).kernels();
    routed = new DirectRoutedLayers(checkpoint, kernels, pool, activations, arena);
    vocab = checkpoint.spec().vocabSize();
    file =
        ByteBuffer.wrap(Files.readAllBytes(DIRECTORY.resolve(name).resolve("expected.safetensors")))
            .order(ByteOrder.LITTLE_ENDIAN);
    inputIds = longs(file, "input_ids");
    greedyIds = longs(file, "greedy_ids");
    logits = floats(file, "logits");
    length = inputIds.length / 2;
  }

  /** Of the routed layer of that number, all rows one after the other. */
  float[] routerLogits(int routedLayer) {
    return floats(file, "router_logits." + routedLayer);
  }

  int[] row(int row) {
    return java.util.Arrays.copyOfRange(inputIds, row * length, (row + 1) * length);
  }

  EngineSettings settings(int kvTokens, SchedulerLimits limits, boolean prefixCache) {
    return new EngineSettings(
        activations,
        kvTokens,
        limits,
        checkpoint.spec().maxPositions(),
        prefixCache,
        MicroBatchMode.AUTO,
        vocab);
  }

  AttentionStack stack(EngineSettings settings) {
    return AttentionStack.open(checkpoint, kernels, pool, settings, routed, (_, _) -> {}, _ -> {});
  }

  @Override
  public void close() {
    arena.close();
    pool.close();
    checkpoint.close();
  }

  private static ByteBuffer tensor(ByteBuffer file, String name) {
    int header = (int) file.getLong(0);
    byte[] text = new byte[header];
    file.get(8, text);
    String json = new String(text, StandardCharsets.UTF_8);
    Matcher found =
        Pattern.compile("\"" + name + "\":\\{[^}]*\"data_offsets\":\\[(\\d+),(\\d+)\\]")
            .matcher(json);
    if (!found.find()) {
      throw new IllegalArgumentException("no tensor " + name);
    }
    int from = 8 + header + Integer.parseInt(found.group(1));
    int to = 8 + header + Integer.parseInt(found.group(2));
    return file.slice(from, to - from).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int[] longs(ByteBuffer file, String name) {
    ByteBuffer data = tensor(file, name);
    int[] values = new int[data.remaining() / 8];
    for (int i = 0; i < values.length; i++) {
      values[i] = (int) data.getLong(8 * i);
    }
    return values;
  }

  private static float[] floats(ByteBuffer file, String name) {
    ByteBuffer data = tensor(file, name);
    float[] values = new float[data.remaining() / 4];
    data.asFloatBuffer().get(values);
    return values;
  }
}
