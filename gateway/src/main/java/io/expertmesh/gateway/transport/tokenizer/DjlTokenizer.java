package io.expertmesh.gateway.transport.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.expertmesh.gateway.core.text.TokenDecoder;
import io.expertmesh.gateway.core.text.TokenNames;
import io.expertmesh.gateway.core.text.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The native tokenizer on a local {@code tokenizer.json}. Truncation and padding that the file may
 * ask for are off: the gateway judges lengths itself.
 */
public final class DjlTokenizer implements Tokenizer, AutoCloseable {
  private final HuggingFaceTokenizer tokenizer;
  private final @Nullable Integer bosId;
  private final Supplier<TokenNames> names;

  private DjlTokenizer(
      HuggingFaceTokenizer tokenizer, @Nullable Integer bosId, Supplier<TokenNames> names) {
    this.tokenizer = tokenizer;
    this.bosId = bosId;
    this.names = names;
  }

  /**
   * Opens the tokenizer of a checkpoint.
   *
   * @param nativeCache a writable directory that the native library is unpacked into
   */
  public static DjlTokenizer open(TokenizerFiles files, Path nativeCache) throws IOException {
    System.setProperty("DJL_CACHE_DIR", nativeCache.toString());
    System.setProperty("RUST_FLAVOR", "cpu");
    System.setProperty("ai.djl.offline", "true");
    try (InputStream json = Files.newInputStream(files.tokenizerJson())) {
      HuggingFaceTokenizer tokenizer =
          HuggingFaceTokenizer.newInstance(
              json, Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false"));
      return new DjlTokenizer(tokenizer, files.addedBosId(), new LazyNames(files));
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Special tokens are those of the file's post-processor; where the configuration asks for a
   * beginning of sequence ({@code add_bos_token}) that the post-processor does not add, it is put
   * in front.
   */
  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    long[] ids = tokenizer.encode(text, addSpecialTokens, false).getIds();
    Integer bos = addSpecialTokens ? bosId : null;
    boolean prepend = bos != null && (ids.length == 0 || ids[0] != bos);
    int shift = prepend ? 1 : 0;
    int[] result = new int[ids.length + shift];
    if (bos != null && prepend) {
      result[0] = bos;
    }
    for (int i = 0; i < ids.length; i++) {
      result[i + shift] = (int) ids[i];
    }
    return result;
  }

  @Override
  public TokenDecoder decoder(boolean skipSpecialTokens) {
    return (ids, from, to) -> {
      if (from == to) {
        return "";
      }
      long[] wide = new long[to - from];
      for (int i = from; i < to; i++) {
        wide[i - from] = ids[i];
      }
      return tokenizer.decode(wide, skipSpecialTokens);
    };
  }

  @Override
  public TokenNames names() {
    return names.get();
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
