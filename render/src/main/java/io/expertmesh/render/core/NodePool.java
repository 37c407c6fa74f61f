package io.expertmesh.render.core;

import java.util.Locale;

/** The kind of node that a shard runs on. */
public enum NodePool {
  CPU,
  GPU;

  /** The value of the label {@code expertmesh.io/pool} of nodes of this kind. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
