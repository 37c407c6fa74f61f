package io.expertmesh.attention.core;

import io.expertmesh.model.core.AttentionSpec;
import io.expertmesh.model.core.LatentAttentionSpec;
import io.expertmesh.model.core.LayerSpec;
import io.expertmesh.model.core.ModelSpec;
import io.expertmesh.model.kernel.KvLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory of the key-value pages. Each key-value head of a layer has page memory of its own, so that
 * the heads of one token can be computed by different threads. A page number means the same slot in
 * all of them.
 */
public final class KvCache {
  private final MemorySegment[][] heads;
  private final KvLayout[] layouts;

  /**
   * @param pages pages of {@code PAGE_TOKENS} tokens
   * @param arena owner of the memory; it becomes resident as pages are first used
   */
  public KvCache(ModelSpec spec, int pages, Arena arena) {
    heads = new MemorySegment[spec.layers().size()][];
    layouts = new KvLayout[heads.length];
    for (LayerSpec layer : spec.layers()) {
      AttentionSpec attention = attention(layer);
      KvLayout layout = new KvLayout(1, attention.headDim());
      MemorySegment[] segments = new MemorySegment[attention.kvHeads()];
      for (int head = 0; head < segments.length; head++) {
        segments[head] = LazyMemory.allocate(pages * layout.pageBytes(), arena);
      }
      heads[layer.index()] = segments;
      layouts[layer.index()] = layout;
    }
  }

  /** Bytes that the keys and values of one token take in all layers. */
  public static long bytesPerToken(ModelSpec spec) {
    long bytes = 0;
    for (LayerSpec layer : spec.layers()) {
      AttentionSpec attention = attention(layer);
      bytes += 2L * attention.kvHeads() * attention.headDim() * Float.BYTES;
    }
    return bytes;
  }

  MemorySegment head(int layer, int head) {
    return heads[layer][head];
  }

  /** Layout of the memory of one head. */
  KvLayout layout(int layer) {
    return layouts[layer];
  }

  private static AttentionSpec attention(LayerSpec layer) {
    return switch (layer.temporalMixer()) {
      case AttentionSpec spec -> spec;
      case LatentAttentionSpec _ -> throw new IllegalStateException("latent attention");
    };
  }
}
