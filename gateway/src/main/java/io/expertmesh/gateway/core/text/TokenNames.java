package io.expertmesh.gateway.core.text;

import org.jspecify.annotations.Nullable;

/** How single tokens are printed. */
public interface TokenNames {
  /**
   * The printed form of one token. A token that is no whole text is printed as {@code bytes:\xE4}.
   */
  String name(int id);

  /** The bytes of one token's text, null if the token is not made of bytes. */
  byte @Nullable [] bytes(int id);
}
