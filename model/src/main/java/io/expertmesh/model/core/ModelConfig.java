package io.expertmesh.model.core;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;

/**
 * A JSON object of a checkpoint's configuration, read key by key. A key that is null counts as not
 * given; one that is absent has the default of the family, or counts as not given where there is
 * none. A value of another type is refused with a sentence that names the key, the value and what
 * is allowed.
 */
final class ModelConfig {
  private final Path file;
  private final String prefix;
  private final JsonNode node;
  private final JsonNode defaults;

  private ModelConfig(Path file, String prefix, JsonNode node, JsonNode defaults) {
    this.file = file;
    this.prefix = prefix;
    this.node = node;
    this.defaults = defaults;
  }

  static ModelConfig read(Path file) {
    JsonNode none = StrictJson.MAPPER.createObjectNode();
    return new ModelConfig(file, "", StrictJson.readObject(file), none);
  }

  /**
   * The same config with values for keys that are absent: what the reference's configuration class
   * assumes.
   *
   * @param json an object
   */
  ModelConfig withDefaults(String json) {
    return new ModelConfig(file, prefix, node, StrictJson.MAPPER.readTree(json));
  }

  /** True if the file has the key, be it with null. */
  boolean has(String key) {
    return node.has(key);
  }

  /**
   * The spelling of a key that this file uses; the first where it uses none. Two spellings with
   * different values are refused.
   */
  String spelled(String... spellings) {
    String used = spellings[0];
    for (String spelling : spellings) {
      JsonNode value = node.get(spelling);
      if (value == null || value.isNull()) {
        continue;
      }
      JsonNode other = node.get(used);
      if (other != null && !other.isNull() && !other.equals(value)) {
        throw refuse(
            used + " is " + other + ", " + spelling + " is " + value + ": they must agree");
      }
      used = spelling;
    }
    return used;
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

  /** A whole number from 0 that must be given. */
  int natural(String key) {
    return integer(key, value(key).orElseThrow(() -> refuse(key + " is missing")));
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
    return value(key).map(value -> above0(key, value));
  }

  /** Finite numbers above 0 that must be given. */
  List<Double> numbers(String key) {
    JsonNode value = value(key).orElseThrow(() -> refuse(key + " is missing"));
    if (!value.isArray()) {
      throw unsupported(key, value, "a list of numbers");
    }
    List<Double> read = new ArrayList<>();
    value.forEach(element -> read.add(above0(key, element)));
    return read;
  }

  /** A finite number above 0; one that is 0 or not given is empty. */
  Optional<Double> nonZero(String key) {
    return value(key)
        .filter(value -> !value.isNumber() || value.doubleValue() != 0)
        .map(value -> above0(key, value));
  }

  private double above0(String key, JsonNode value) {
    double number = value.isNumber() ? value.doubleValue() : Double.NaN;
    if (!(number > 0) || Double.isInfinite(number)) {
      throw unsupported(key, value, "a number above 0");
    }
    return number;
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

  /** A truth value that must be given or have a default. */
  boolean given(String key) {
    return flag(key).orElseThrow(() -> refuse(key + " is missing"));
  }

  /** Texts, if given. */
  Optional<List<String>> texts(String key) {
    return value(key)
        .map(
            list -> {
              List<String> read = new ArrayList<>();
              for (JsonNode element : list) {
                if (!element.isString()) {
                  throw unsupported(key, element, "a list of strings");
                }
                read.add(element.stringValue());
              }
              if (!list.isArray()) {
                throw unsupported(key, list, "a list of strings");
              }
              return read;
            });
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
    return value.map(
        child ->
            new ModelConfig(file, prefix + key + ".", child, StrictJson.MAPPER.createObjectNode()));
  }

  /** True if the value is an object. */
  boolean isObject(String key) {
    return value(key).filter(JsonNode::isObject).isPresent();
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

  /** Refuses keys that nobody reads. */
  void allowKeys(List<String> supported) {
    for (String key : node.propertyNames()) {
      if (!supported.contains(key)) {
        throw refuse(
            CheckpointException.abridged(key)
                + " is not known here, supported: "
                + String.join(", ", supported));
      }
    }
  }

  /** A refusal of this file. */
  CheckpointException refuse(String rule) {
    return new CheckpointException(file, prefix + rule);
  }

  /** A refusal of a text that names what is supported instead. */
  CheckpointException unsupported(String key, String value, String supported) {
    return refuse(
        key + " is \"" + CheckpointException.abridged(value) + "\", supported: " + supported);
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
    JsonNode value = node.has(key) ? node.get(key) : defaults.get(key);
    return Optional.ofNullable(value).filter(given -> !given.isNull());
  }
}
