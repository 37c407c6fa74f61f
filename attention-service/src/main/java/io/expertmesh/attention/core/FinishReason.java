package io.expertmesh.attention.core;

/** Why a generation ended well. */
public enum FinishReason {
  /** An end-of-sequence or stop id was generated; it is the last token. */
  STOP,
  /** As many tokens as wanted. */
  LENGTH
}
