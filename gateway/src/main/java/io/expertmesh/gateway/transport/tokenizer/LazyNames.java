package io.expertmesh.gateway.transport.tokenizer;

import io.expertmesh.gateway.core.text.TokenNames;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads the vocabulary when a log-probability is first asked for: starting needs no table. */
final class LazyNames implements Supplier<TokenNames> {
  private final TokenizerFiles files;
  private @Nullable TokenNames names;

  LazyNames(TokenizerFiles files) {
    this.files = files;
  }

  @Override
  public synchronized TokenNames get() {
    TokenNames known = names;
    if (known == null) {
      known = files.names();
      names = known;
    }
    return known;
  }
}
