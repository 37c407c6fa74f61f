package io.expertmesh.model.core;

import io.expertmesh.model.core.ByteRanges.Range;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * A 64-bit fingerprint (SHA-256, truncated) of what a checkpoint computes: the config, the name,
 * type and shape of every tensor, and samples of its bytes. It does not depend on white space, on
 * the order of keys, or on how tensors are spread over files.
 */
final class WeightsDigest {
  private static final int SAMPLE = 4096;
  private static final int SAMPLES = 8;

  private final MessageDigest sha;

  private WeightsDigest(MessageDigest sha) {
    this.sha = sha;
  }

  static long of(JsonNode config, TensorFiles files) {
    WeightsDigest digest = new WeightsDigest(sha256());
    digest.add(config);
    files.tensors().values().forEach(digest::add);
    return ByteBuffer.wrap(digest.sha.digest()).getLong();
  }

  private void add(JsonNode node) {
    if (node.isObject()) {
      Map<String, JsonNode> sorted = new TreeMap<>();
      node.properties().forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
      add("{");
      sorted.forEach(
          (key, value) -> {
            add(key);
            add(value);
          });
      add("}");
    } else if (node.isArray()) {
      add("[");
      node.forEach(this::add);
      add("]");
    } else {
      add(node.toString());
    }
  }

  private void add(StoredTensor tensor) {
    TensorEntry entry = tensor.entry();
    add(entry.name());
    add(entry.type().name());
    add(entry.shape().toString());
    samples(entry.bytes()).forEach(sample -> sha.update(tensor.data(sample).asByteBuffer()));
  }

  /** The bytes of a tensor that are looked at: all of a small one, pages of a larger one. */
  static List<Range> samples(long bytes) {
    if (bytes == 0) {
      return List.of();
    }
    if (bytes <= (long) SAMPLE * SAMPLES) {
      return List.of(new Range(0, bytes));
    }
    long last = bytes - SAMPLE;
    List<Range> samples = new ArrayList<>();
    for (int i = 0; i < SAMPLES; i++) {
      // the first and the last page, and pages evenly between them
      long at = last / (SAMPLES - 1) * i + last % (SAMPLES - 1) * i / (SAMPLES - 1);
      samples.add(new Range(at, at + SAMPLE));
    }
    return samples;
  }

  /** Adds a text with its length, so that neighbours cannot be mistaken for one another. */
  private void add(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    sha.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
    sha.update(bytes);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
