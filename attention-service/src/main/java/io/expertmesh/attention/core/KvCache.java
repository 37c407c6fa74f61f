package io.expertmesh.attention.core;

import io.expertmesh.model.core.AttentionSpec;
import io.expertmesh.model.core.LatentAttentionSpec;
import io.expertmesh.model.core.LayerSpec;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.core.TemporalMixer;
import io.expertmesh.model.kernel.KvLayout;
import io.expertmesh.model.kernel.LatentLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory of the key-value pages. Each key-value head of a layer has page memory of its own, so that
 * the heads of one token can be computed by different threads; a layer of latent attention has one
 * memory of compressed rows. A page number means the same slot in all of them.
 */
public final class KvCache {
  private final MemorySegment[][] memory;

  /**
   * @param pages pages of {@code PAGE_TOKENS} tokens
   * @param arena owner of the memory; it becomes resident as pages are first used
   */
  public KvCache(ModelSpec spec, int pages, Arena arena) {
    memory = new MemorySegment[spec.layers().size()][];
    for (LayerSpec layer : spec.layers()) {
      TemporalMixer mixer = layer.temporalMixer();
      MemorySegment[] parts = new MemorySegment[parts(mixer)];
      for (int part = 0; part < parts.length; part++) {
        parts[part] = LazyMemory.allocate(pages * partPageBytes(mixer), arena);
      }
      memory[layer.index()] = parts;
    }
  }

  /** Bytes that one token takes in all layers. */
  public static long bytesPerToken(ModelSpec spec) {
    long bytes = 0;
    for (LayerSpec layer : spec.layers()) {
      TemporalMixer mixer = layer.temporalMixer();
      bytes += parts(mixer) * partPageBytes(mixer) / KvLayout.PAGE_TOKENS;
    }
    return bytes;
  }

  /** Pages of one key-value head of a layer; of part 0 where all heads share compressed rows. */
  MemorySegment memory(int layer, int part) {
    return memory[layer][part];
  }

  /** Shape of the pages of one key-value head. */
  static KvLayout layout(AttentionSpec spec) {
    return new KvLayout(1, spec.headDim());
  }

  /** Shape of the pages of a layer. */
  static LatentLayout layout(LatentAttentionSpec spec) {
    return new LatentLayout(spec.rank(), spec.rope().dims());
  }

  private static int parts(TemporalMixer mixer) {
    return switch (mixer) {
      case AttentionSpec spec -> spec.kvHeads();
      case LatentAttentionSpec _ -> 1;
    };
  }

  private static long partPageBytes(TemporalMixer mixer) {
    return switch (mixer) {
      case AttentionSpec spec -> layout(spec).pageBytes();
      case LatentAttentionSpec spec -> layout(spec).pageBytes();
    };
  }
}
