package io.expertmesh.tests.reference;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** A config as a tree of values; a key that is absent has the value that the caller names. */
record PlainConfig(JsonNode node) {
  String type() {
    return text("model_type", "");
  }

  boolean is(String... types) {
    return List.of(types).contains(type());
  }

  boolean has(String key) {
    return node.hasNonNull(key);
  }

  int integer(String key) {
    return (int) number(key, Double.NaN);
  }

  int integer(String key, int otherwise) {
    return (int) number(key, otherwise);
  }

  double number(String key) {
    return number(key, Double.NaN);
  }

  double number(String key, double otherwise) {
    double value = has(key) ? node.get(key).doubleValue() : otherwise;
    if (Double.isNaN(value)) {
      throw new IllegalArgumentException(key + " is missing");
    }
    return value;
  }

  boolean flag(String key) {
    return has(key) && node.get(key).booleanValue();
  }

  String text(String key, String otherwise) {
    return has(key) ? node.get(key).stringValue() : otherwise;
  }

  List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    node.path(key).forEach(value -> texts.add(value.stringValue()));
    return texts;
  }

  List<Integer> integers(String key) {
    List<Integer> integers = new ArrayList<>();
    node.path(key).forEach(value -> integers.add(value.intValue()));
    return integers;
  }

  PlainConfig object(String key) {
    return new PlainConfig(node.get(key));
  }
}
