package io.expertmesh.gateway.core.text;

import org.jspecify.annotations.Nullable;

/** What stands in for the text side of a checkpoint without a tokenizer: ids, printed. */
public final class IdsOnly implements TokenNames, TokenDecoder {
  /** The one there is. */
  public static final IdsOnly INSTANCE = new IdsOnly();

  private IdsOnly() {}

  @Override
  public String name(int id) {
    return "token_id:" + id;
  }

  @Override
  public byte @Nullable [] bytes(int id) {
    return null;
  }

  @Override
  public String decode(int[] ids, int from, int to) {
    StringBuilder text = new StringBuilder();
    for (int i = from; i < to; i++) {
      text.append(i == from ? "" : " ").append(name(ids[i]));
    }
    return text.toString();
  }
}
