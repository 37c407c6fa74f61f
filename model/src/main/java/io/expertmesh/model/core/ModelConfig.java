package io.expertmesh.model.core;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;

/**
 * A JSON object of a checkpoint's configuration, read key by key. A key that is absent or null
 * counts as not given; a value of another type is refused with a sentence that names the key, the
 * value and what is allowed.
 */
final class ModelConfig {
  private final Path file;
  private final String prefix;
  private final JsonNode node;

  private ModelConfig(Path file, String prefix, JsonNode node) {
    this.file = file;
    this.prefix = prefix;
    this.node = node;
  }

  static ModelConfig read(Path file) {
    return new ModelConfig(file, "", StrictJson.readObject(file));
  }

  /** The whole object. */
  JsonNode json() {
    return node;
  }

  /** A number that must be given, at least 1. */
  int positive(String key) {
    return optionalPositive(key).orElseThrow(() -> refuse(key + " is missing"));
  }

  /** A number of at least 1, if given. */
  OptionalInt optionalPositive(String key) {
    Optional<JsonNode> value = value(key);
    if (value.isEmpty()) {
      return OptionalInt.empty();
    }
    int number = integer(key, value.get());
    if (number < 1) {
      throw unsupported(key, value.get(), "a whole number of at least 1");
    }
    return OptionalInt.of(number);
  }

  /** Whole numbers: none, one or a list of them. */
  List<Integer> integers(String key) {
    Optional<JsonNode> value = value(key);
    List<Integer> read = new ArrayList<>();
    if (value.isPresent() && value.get().isArray()) {
      value.get().forEach(element -> read.add(integer(key, element)));
    } else {
      value.ifPresent(single -> read.add(integer(key, single)));
    }
    return read;
  }

  /** A finite number above 0, if given. */
  Optional<Double> optionalNumber(String key) {
    Optional<JsonNode> value = value(key);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    double number = value.get().isNumber() ? value.get().doubleValue() : Double.NaN;
    if (!(number > 0) || Double.isInfinite(number)) {
      throw unsupported(key, value.get(), "a number above 0");
    }
    return Optional.of(number);
  }

  /** A finite number above 0 that must be given. */
  double number(String key) {
    return optionalNumber(key).orElseThrow(() -> refuse(key + " is missing"));
  }

  /** A truth value, if given. */
  Optional<Boolean> flag(String key) {
    Optional<JsonNode> value = value(key);
    if (value.isPresent() && !value.get().isBoolean()) {
      throw unsupported(key, value.get(), "true or false");
    }
    return value.map(JsonNode::booleanValue);
  }

  /** A text, if given. */
  Optional<String> text(String key) {
    Optional<JsonNode> value = value(key);
    if (value.isPresent() && !value.get().isString()) {
      throw unsupported(key, value.get(), "a string");
    }
    return value.map(JsonNode::stringValue);
  }

  /** An object, if given. */
  Optional<ModelConfig> object(String key) {
    Optional<JsonNode> value = value(key);
    if (value.isPresent() && !value.get().isObject()) {
      throw unsupported(key, value.get(), "an object");
    }
    return value.map(child -> new ModelConfig(file, prefix + key + ".", child));
  }

  /**
   * Refuses a value that the family has no formula for, unless the key is absent or equal to it.
   */
  void allowOnly(String key, Object supported) {
    Optional<JsonNode> value = value(key);
    if (value.isPresent() && !value.get().equals(StrictJson.MAPPER.valueToTree(supported))) {
      throw unsupported(key, value.get(), String.valueOf(supported));
    }
  }

  /** A refusal of this file. */
  CheckpointException refuse(String rule) {
    return new CheckpointException(file, prefix + rule);
  }

  private CheckpointException unsupported(String key, JsonNode value, String supported) {
    return refuse(
        key
            + " is "
            + CheckpointException.abridged(value.toString())
            + ", supported: "
            + supported);
  }

  private int integer(String key, JsonNode value) {
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
      throw unsupported(key, value, "a whole number from 0 to " + Integer.MAX_VALUE);
    }
    return value.intValue();
  }

  private Optional<JsonNode> value(String key) {
    return Optional.ofNullable(node.get(key)).filter(value -> !value.isNull());
  }
}
