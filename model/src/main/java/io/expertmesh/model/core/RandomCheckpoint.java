package io.expertmesh.model.core;

import io.expertmesh.model.kernel.DType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes checkpoints with random weights, for benchmarks. Weights are normal with a deviation of
 * 1/√fan-in, so that activations neither vanish nor explode; gates are drawn three times wider, so
 * that routing is decisive. No end-of-sequence id is declared: generation runs to the length asked.
 */
public final class RandomCheckpoint {
  private static final double GATE_WIDTH = 3;
  private static final double HEAD_WIDTH = 2;

  private static final float[] ONES = ones();

  private final RandomShape shape;
  private final List<TensorSource> tensors = new ArrayList<>();
  private final Map<Double, float[]> tables = new HashMap<>();

  private RandomCheckpoint(RandomShape shape) {
    this.shape = shape;
    describe();
  }

  /**
   * Writes {@code config.json} and the weights into a directory, which is made if need be.
   *
   * @param maxShardBytes data per file; more is split into shards with an index
   * @throws CheckpointException if the directory holds files already or the disk is too small
   */
  public static void write(Path dir, RandomShape shape, long maxShardBytes) throws IOException {
    Files.createDirectories(dir);
    try (Stream<Path> present = Files.list(dir)) {
      if (present.findAny().isPresent()) {
        throw new CheckpointException(dir, "is not empty");
      }
    }
    RandomCheckpoint checkpoint = new RandomCheckpoint(shape);
    long bytes = checkpoint.tensors.stream().mapToLong(TensorSource::bytes).sum();
    long free = Files.getFileStore(dir).getUsableSpace();
    if (bytes > free) {
      throw new CheckpointException(
          dir, "the checkpoint takes " + bytes + " bytes, the disk has only " + free + " free");
    }
    ShardWriter.write(dir, checkpoint.tensors, maxShardBytes);
    Files.writeString(dir.resolve("config.json"), checkpoint.config().toPrettyString());
  }

  private void describe() {
    add("model.embed_tokens.weight", 1, shape.vocab(), shape.hidden());
    for (int layer = 0; layer < shape.layers(); layer++) {
      String prefix = Decoder.prefix(layer);
      ones(prefix + "input_layernorm.weight");
      attention(prefix + "self_attn.");
      ones(prefix + "post_attention_layernorm.weight");
      if (shape.experts() == 0) {
        ffn(prefix + "mlp.", "gate_proj", "up_proj", "down_proj");
      } else {
        String block = prefix + "block_sparse_moe.";
        matrix(block + "gate.weight", GATE_WIDTH, shape.experts(), shape.hidden());
        for (int e = 0; e < shape.experts(); e++) {
          ffn(block + "experts." + e + ".", "w1", "w3", "w2");
        }
      }
    }
    ones("model.norm.weight");
    matrix("lm_head.weight", HEAD_WIDTH, shape.vocab(), shape.hidden());
  }

  private void attention(String prefix) {
    int queries = Math.multiplyExact(shape.heads(), shape.headDim());
    int keys = shape.kvHeads() * shape.headDim();
    matrix(prefix + "q_proj.weight", 1, queries, shape.hidden());
    matrix(prefix + "k_proj.weight", 1, keys, shape.hidden());
    matrix(prefix + "v_proj.weight", 1, keys, shape.hidden());
    matrix(prefix + "o_proj.weight", 1, shape.hidden(), queries);
  }

  private void ffn(String prefix, String gate, String up, String down) {
    matrix(prefix + gate + ".weight", 1, shape.inner(), shape.hidden());
    matrix(prefix + up + ".weight", 1, shape.inner(), shape.hidden());
    matrix(prefix + down + ".weight", 1, shape.hidden(), shape.inner());
  }

  private void matrix(String name, double width, int rows, int columns) {
    add(name, width / Math.sqrt(columns), rows, columns);
  }

  private void add(String name, double deviation, long rows, long columns) {
    boolean bf16 = shape.dtype() == DType.BF16;
    float[] table = tables.computeIfAbsent(deviation, NormalQuantiles::scaled);
    // a seed per name: a tensor's values do not depend on the tensors before it
    long seed = RandomValues.mix(shape.seed()) ^ nameHash(name);
    tensors.add(
        new TensorSource(
            name,
            TensorType.of(shape.dtype()),
            List.of(rows, columns),
            out -> new RandomValues(table, bf16, rows * columns, seed).writeTo(out)));
  }

  private void ones(String name) {
    boolean bf16 = shape.dtype() == DType.BF16;
    tensors.add(
        new TensorSource(
            name,
            TensorType.of(shape.dtype()),
            List.of((long) shape.hidden()),
            out -> new RandomValues(ONES, bf16, shape.hidden(), 0).writeTo(out)));
  }

  private static float[] ones() {
    float[] ones = new float[NormalQuantiles.COUNT];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static long nameHash(String name) {
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).getMostSignificantBits();
  }

  private ObjectNode config() {
    boolean routed = shape.experts() > 0;
    ObjectNode config = StrictJson.MAPPER.createObjectNode();
    config.putArray("architectures").add(routed ? "MixtralForCausalLM" : "LlamaForCausalLM");
    config.put("model_type", routed ? "mixtral" : "llama");
    config.put("hidden_size", shape.hidden());
    config.put("intermediate_size", shape.inner());
    config.put("num_hidden_layers", shape.layers());
    config.put("num_attention_heads", shape.heads());
    config.put("num_key_value_heads", shape.kvHeads());
    config.put("head_dim", shape.headDim());
    if (routed) {
      config.put("num_local_experts", shape.experts());
      config.put("num_experts_per_tok", shape.topK());
      config.putNull("sliding_window");
    }
    config.put("vocab_size", shape.vocab());
    config.put("max_position_embeddings", shape.maxPositions());
    config.put("rms_norm_eps", 1e-5);
    config.put("rope_theta", 10_000.0);
    config.put("hidden_act", "silu");
    config.put("tie_word_embeddings", false);
    config.putNull("bos_token_id");
    config.putNull("eos_token_id");
    config.put("torch_dtype", shape.dtype() == DType.BF16 ? "bfloat16" : "float32");
    return config;
  }
}
