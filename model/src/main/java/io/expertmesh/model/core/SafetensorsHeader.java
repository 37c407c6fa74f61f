package io.expertmesh.model.core;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/**
 * The parsed JSON of a safetensors file. Whoever holds one knows that every entry is well formed;
 * {@link TensorLayout} checks how they fit together.
 *
 * @param entries tensors in the order of the header
 * @param metadata free text of the writer
 */
record SafetensorsHeader(List<TensorEntry> entries, Map<String, String> metadata) {
  private static final String METADATA = "__metadata__";

  SafetensorsHeader {
    entries = List.copyOf(entries);
    metadata = Map.copyOf(metadata);
  }

  /** Parses the bytes between the length prefix and the data of {@code file}. */
  static SafetensorsHeader parse(Path file, ByteBuffer bytes) {
    if (!bytes.hasRemaining() || bytes.get(bytes.position()) != '{') {
      throw new CheckpointException(file, "its header must begin with '{'");
    }
    String text = StrictJson.decodeUtf8(file, bytes);
    int end = text.length();
    while (text.charAt(end - 1) == ' ') {
      end--;
    }
    if (text.charAt(end - 1) != '}') {
      throw new CheckpointException(
          file, "its header must end with '}', after which only spaces may stand");
    }
    try (JsonParser parser =
        StrictJson.FACTORY.createParser(ObjectReadContext.empty(), text.substring(0, end))) {
      return new Reading(file, parser).header();
    } catch (JacksonException e) {
      throw StrictJson.invalid(file, e);
    }
  }

  /** One pass over the tokens: a header of 100 MB must not become a tree of gigabytes. */
  private record Reading(Path file, JsonParser parser) {
    SafetensorsHeader header() {
      List<TensorEntry> entries = new ArrayList<>();
      Map<String, String> metadata = new LinkedHashMap<>();
      parser.nextToken();
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals(METADATA)) {
          metadata.putAll(metadata());
        } else {
          entries.add(entry(name));
        }
      }
      if (parser.nextToken() != null) {
        throw new CheckpointException(file, "its header holds more than one JSON object");
      }
      return new SafetensorsHeader(entries, metadata);
    }

    private Map<String, String> metadata() {
      Map<String, String> read = new LinkedHashMap<>();
      require(parser.currentToken() == JsonToken.START_OBJECT, METADATA, "must be an object");
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String key = parser.currentName();
        require(
            parser.nextToken() == JsonToken.VALUE_STRING, METADATA, "must map strings to strings");
        read.put(key, parser.getString());
      }
      return read;
    }

    private TensorEntry entry(String name) {
      require(parser.currentToken() == JsonToken.START_OBJECT, name, "its entry must be an object");
      @Nullable TensorType type = null;
      @Nullable List<Long> shape = null;
      @Nullable List<Long> offsets = null;
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String key = parser.currentName();
        JsonToken value = parser.nextToken();
        switch (key) {
          case "dtype" -> type = type(name, value);
          case "shape" -> shape = integers(name, key);
          case "data_offsets" -> offsets = integers(name, key);
          default -> parser.skipChildren();
        }
      }
      if (type == null || shape == null || offsets == null) {
        String missing = type == null ? "dtype" : shape == null ? "shape" : "data_offsets";
        throw new CheckpointException(file, name, missing + " is missing");
      }
      require(
          offsets.size() == 2,
          name,
          "data_offsets has " + offsets.size() + " numbers, must have 2");
      TensorEntry entry = new TensorEntry(name, type, shape, offsets.get(0), offsets.get(1));
      require(
          entry.begin() <= entry.end(),
          name,
          "data_offsets begin at " + entry.begin() + ", after their end " + entry.end());
      return entry;
    }

    private TensorType type(String name, JsonToken value) {
      require(value == JsonToken.VALUE_STRING, name, "dtype must be a string");
      Optional<TensorType> type = TensorType.named(parser.getString());
      return type.orElseThrow(
          () ->
              new CheckpointException(
                  file,
                  name,
                  "dtype "
                      + CheckpointException.abridged(parser.getString())
                      + " is not one that safetensors defines"));
    }

    private List<Long> integers(String name, String key) {
      String rule = key + " must be a list of non-negative integers below 2^63";
      require(parser.currentToken() == JsonToken.START_ARRAY, name, rule);
      List<Long> read = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        require(
            parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
                && parser.getLongValue() >= 0,
            name,
            rule);
        read.add(parser.getLongValue());
      }
      return read;
    }

    private void require(boolean holds, String name, String rule) {
      if (!holds) {
        throw new CheckpointException(file, name, rule);
      }
    }
  }
}
