package io.expertmesh.gateway.transport.tokenizer;

import io.expertmesh.gateway.core.text.TokenNames;
import io.expertmesh.gateway.core.text.VocabularyNames;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * The text files of a checkpoint: {@code tokenizer.json}, {@code tokenizer_config.json}, {@code
 * special_tokens_map.json}, {@code chat_template.jinja}. Each may be missing.
 */
public final class TokenizerFiles {
  private static final ObjectMapper JSON = new JsonMapper();

  private final Path directory;
  private final JsonNode config;

  private TokenizerFiles(Path directory, JsonNode config) {
    this.directory = directory;
    this.config = config;
  }

  /** Reads the small files; the vocabulary stays on disk. */
  public static TokenizerFiles of(Path directory) throws IOException {
    Path file = directory.resolve("tokenizer_config.json");
    JsonNode config = Files.exists(file) ? read(file) : JsonNodeFactory.instance.objectNode();
    return new TokenizerFiles(directory, config);
  }

  /** Whether there is a tokenizer at all. */
  public boolean hasTokenizer() {
    return Files.exists(tokenizerJson());
  }

  Path tokenizerJson() {
    return directory.resolve("tokenizer.json");
  }

  /**
   * The text of the chat template, null if the checkpoint has none. A file of its own wins over the
   * configuration; of several named ones the one called {@code default} is meant.
   */
  public @Nullable String chatTemplate() throws IOException {
    Path file = directory.resolve("chat_template.jinja");
    if (Files.exists(file)) {
      return Files.readString(file, StandardCharsets.UTF_8);
    }
    JsonNode template = config.get("chat_template");
    if (template == null || template.isNull()) {
      return null;
    }
    if (template.isString()) {
      return template.stringValue();
    }
    for (JsonNode named : template) {
      JsonNode name = named.get("name");
      JsonNode text = named.get("template");
      if (name != null && name.toString().equals("\"default\"") && text != null) {
        return text.stringValue();
      }
    }
    return null;
  }

  /** The special tokens by name, such as {@code bos_token}, with their text. */
  public Map<String, Object> specialTokens() throws IOException {
    Map<String, Object> tokens = new LinkedHashMap<>();
    Path map = directory.resolve("special_tokens_map.json");
    if (Files.exists(map)) {
      collect(read(map), tokens);
    }
    collect(config, tokens);
    return tokens;
  }

  /** The id to put in front of every text, if the configuration asks for one; else null. */
  @Nullable Integer addedBosId() throws IOException {
    JsonNode wanted = config.get("add_bos_token");
    Object bos = specialTokens().get("bos_token");
    if (wanted == null || !wanted.isBoolean() || !wanted.booleanValue() || bos == null) {
      return null;
    }
    JsonNode tokenizer = read(tokenizerJson());
    for (JsonNode added : tokenizer.path("added_tokens")) {
      if (added.path("content").asString().equals(bos)) {
        return added.path("id").intValue();
      }
    }
    JsonNode id = tokenizer.path("model").path("vocab").get(bos.toString());
    return id == null ? null : id.intValue();
  }

  /** Names of all tokens, from the vocabulary. */
  TokenNames names() {
    try {
      return names(read(tokenizerJson()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static TokenNames names(JsonNode tokenizer) {
    Map<Integer, String> byId = new LinkedHashMap<>();
    JsonNode vocab = tokenizer.path("model").path("vocab");
    if (vocab.isObject()) {
      vocab.properties().forEach(entry -> byId.put(entry.getValue().intValue(), entry.getKey()));
    } else {
      for (int i = 0; i < vocab.size(); i++) {
        byId.put(i, vocab.get(i).get(0).asString());
      }
    }
    Set<Integer> added = new HashSet<>();
    for (JsonNode token : tokenizer.path("added_tokens")) {
      added.add(token.path("id").intValue());
      byId.put(token.path("id").intValue(), token.path("content").asString());
    }
    int size = byId.keySet().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1;
    @Nullable String[] entries = new @Nullable String[size];
    byId.forEach((id, entry) -> entries[id] = entry);
    return new VocabularyNames(entries, added, alphabet(tokenizer.path("decoder").toString()));
  }

  private static VocabularyNames.Alphabet alphabet(String decoder) {
    if (decoder.contains("\"ByteLevel\"")) {
      return VocabularyNames.Alphabet.BYTE_LEVEL;
    }
    return decoder.contains("\u2581") || decoder.contains("ByteFallback")
        ? VocabularyNames.Alphabet.SENTENCE_PIECE
        : VocabularyNames.Alphabet.PLAIN;
  }

  private static void collect(JsonNode from, Map<String, Object> tokens) {
    for (Map.Entry<String, JsonNode> entry : from.properties()) {
      JsonNode value = entry.getValue();
      JsonNode text = value.isObject() ? value.path("content") : value;
      if (entry.getKey().endsWith("_token") && text.isString()) {
        tokens.put(entry.getKey(), text.stringValue());
      }
    }
  }

  private static JsonNode read(Path file) throws IOException {
    try {
      return JSON.readTree(Files.readAllBytes(file));
    } catch (tools.jackson.core.JacksonException e) {
      throw new IOException(
          file.getFileName() + " is not valid JSON: " + e.getOriginalMessage(), e);
    }
  }
}
