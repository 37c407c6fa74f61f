package io.expertmesh.model.core;

import io.expertmesh.model.core.ByteRanges.Range;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * The parts of a checkpoint's safetensors files that a service must have: the headers, what its
 * tensors are made of, and the samples of all tensors that the {@linkplain
 * Checkpoint#weightsVersion() version} is computed from. Tensors of a stack are taken slice by
 * slice.
 *
 * @param files parts by name of the file
 * @param totalBytes of all these files as a whole
 */
public record FetchPlan(SortedMap<String, ByteRanges> files, long totalBytes) {
  /** Asking once for two parts that lie so close takes less time than asking twice. */
  private static final long GAP = 16 << 10;

  /**
   * Plans from the config and the headers; no tensor is read.
   *
   * @param dir checkpoint, of which no more than the headers needs to be there
   * @throws CheckpointException if it cannot be served; the message says why in one sentence
   */
  public static FetchPlan of(Path dir, TensorNeeds needs) {
    return all(dir, List.of(needs)).getFirst();
  }

  /** The plans of several services. */
  public static List<FetchPlan> all(Path dir, List<TensorNeeds> services) {
    try (Checkpoints.Described described = Checkpoints.describe(dir)) {
      TensorFiles tensors = described.files();
      SortedMap<String, ByteRanges> everyone = ofEveryone(tensors);
      long total = 0;
      for (SafetensorsFile file : tensors.files()) {
        total += file.dataStart() + file.dataBytes();
      }
      List<FetchPlan> plans = new ArrayList<>();
      for (TensorNeeds needs : services) {
        Map<String, List<Range>> own = new HashMap<>();
        for (TensorRef ref : needs.of(described.spec())) {
          reads(
              tensors,
              ref,
              (file, range) -> own.computeIfAbsent(name(file), n -> new ArrayList<>()).add(range));
        }
        SortedMap<String, ByteRanges> files = new TreeMap<>();
        everyone.forEach(
            (name, ranges) -> {
              ByteRanges read = ByteRanges.of(own.getOrDefault(name, List.of()));
              files.put(name, ranges.plus(read).bridged(GAP));
            });
        plans.add(new FetchPlan(files, total));
      }
      return plans;
    }
  }

  /** Headers and samples. */
  private static SortedMap<String, ByteRanges> ofEveryone(TensorFiles tensors) {
    SortedMap<String, List<Range>> parts = new TreeMap<>();
    for (SafetensorsFile file : tensors.files()) {
      parts.put(name(file), new ArrayList<>(List.of(new Range(0, file.dataStart()))));
    }
    for (StoredTensor tensor : tensors.tensors().values()) {
      for (Range sample : WeightsDigest.samples(tensor.entry().bytes())) {
        parts
            .computeIfAbsent(name(tensor.file()), n -> new ArrayList<>())
            .add(tensor.inFile(sample));
      }
    }
    SortedMap<String, ByteRanges> files = new TreeMap<>();
    parts.forEach((name, ranges) -> files.put(name, ByteRanges.of(ranges)));
    return files;
  }

  /** Names the bytes that {@link Checkpoint#matrix} or {@link Checkpoint#vector} read. */
  static void reads(TensorFiles tensors, TensorRef ref, BiConsumer<SafetensorsFile, Range> to) {
    StoredTensor values = tensors.get(ref.tensor());
    to.accept(values.file(), values.inFile(values.slice(ref.slice())));
    switch (ref.encoding()) {
      case TensorEncoding.Plain _ -> {}
      case TensorEncoding.Fp8Blocks blocks -> {
        StoredTensor scales = tensors.get(blocks.scales());
        to.accept(scales.file(), scales.inFile(scales.slice(-1)));
      }
      case TensorEncoding.Mxfp4(String name) -> {
        StoredTensor scales = tensors.get(name);
        to.accept(scales.file(), scales.inFile(scales.slice(ref.slice())));
      }
    }
  }

  private static String name(SafetensorsFile file) {
    return file.path().getFileName().toString();
  }

  /** Number of bytes to be had. */
  public long bytes() {
    return files.values().stream().mapToLong(ByteRanges::bytes).sum();
  }

  /** Bytes that they take on a disk with blocks of 4 KiB. */
  public long onDisk() {
    return files.values().stream().mapToLong(ranges -> ranges.onDisk(4096)).sum();
  }
}
