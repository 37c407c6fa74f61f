package io.expertmesh.gateway.core.request;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Typed access to the fields of a JSON object. A field that is absent or null counts as not given;
 * every other type than the wanted one is a 400 that names the field.
 */
public final class Fields {
  private final JsonNode object;

  private Fields(JsonNode object) {
    this.object = object;
  }

  /** Wraps a body, which must be an object. */
  public static Fields of(JsonNode body) {
    if (!body.isObject()) {
      throw ApiException.invalid(null, "The body must be a JSON object, not " + kind(body) + ".");
    }
    return new Fields(body);
  }

  /** The object itself. */
  JsonNode node() {
    return object;
  }

  /** The value, or null if the field is absent or null. */
  public @Nullable JsonNode get(String name) {
    JsonNode value = object.get(name);
    return value == null || value.isNull() ? null : value;
  }

  /** Whether the field has a value. */
  public boolean has(String name) {
    return get(name) != null;
  }

  /** A string, or null if not given. */
  public @Nullable String string(String name) {
    JsonNode value = get(name);
    if (value == null) {
      return null;
    }
    if (!value.isString()) {
      throw wrongType(name, "a string", value);
    }
    return value.stringValue();
  }

  /** A boolean, or the default if not given. */
  public boolean flag(String name, boolean otherwise) {
    JsonNode value = get(name);
    if (value == null) {
      return otherwise;
    }
    if (!value.isBoolean()) {
      throw wrongType(name, "a boolean", value);
    }
    return value.booleanValue();
  }

  /** An integer within bounds, or null if not given. */
  public @Nullable Integer integer(String name, long min, long max) {
    JsonNode value = get(name);
    return value == null ? null : (int) integer(name, value, min, max);
  }

  /** An integer within bounds, or the default if not given. */
  public int integer(String name, long min, long max, int otherwise) {
    Integer value = integer(name, min, max);
    return value == null ? otherwise : value;
  }

  /** A 64-bit integer, or null if not given. */
  public @Nullable Long longInteger(String name) {
    JsonNode value = get(name);
    return value == null ? null : integer(name, value, Long.MIN_VALUE, Long.MAX_VALUE);
  }

  /** A finite number within closed bounds, or the default if not given. */
  public float number(String name, double min, double max, double otherwise) {
    JsonNode value = get(name);
    return value == null ? (float) otherwise : number(name, value, min, max);
  }

  /** An object, or null if not given. */
  public @Nullable Fields object(String name) {
    JsonNode value = get(name);
    if (value == null) {
      return null;
    }
    if (!value.isObject()) {
      throw wrongType(name, "an object", value);
    }
    return new Fields(value);
  }

  /** An array of integers within bounds; empty if not given. */
  public List<Integer> integers(String name, long min, long max, int maxItems) {
    JsonNode value = get(name);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray()) {
      throw wrongType(name, "an array of integers", value);
    }
    if (value.size() > maxItems) {
      throw tooMany(name, "entries", value.size(), maxItems);
    }
    List<Integer> result = new ArrayList<>(value.size());
    for (int i = 0; i < value.size(); i++) {
      result.add((int) integer(name + "[" + i + "]", value.get(i), min, max));
    }
    return List.copyOf(result);
  }

  /** Refuses a field that this gateway does not offer. */
  public void refuse(String name, String why) {
    JsonNode value = get(name);
    boolean empty =
        value == null
            || (value.isContainer() && value.isEmpty())
            || (value.isString() && value.stringValue().isEmpty());
    if (!empty) {
      throw new ApiException(
          ApiError.invalid(
              name, "unsupported_parameter", "'" + name + "' is not supported: " + why));
    }
  }

  static long integer(String name, JsonNode value, long min, long max) {
    if (!value.isIntegralNumber()) {
      throw wrongType(name, "an integer", value);
    }
    boolean fits = value.canConvertToLong();
    if (!fits || value.longValue() < min || value.longValue() > max) {
      throw ApiException.invalid(
          name,
          String.format(
              Locale.ROOT,
              "'%s' must be an integer from %d to %d, not %s.",
              name,
              min,
              max,
              ApiError.shorten(value.toString())));
    }
    return value.longValue();
  }

  static float number(String name, JsonNode value, double min, double max) {
    if (!value.isNumber()) {
      throw wrongType(name, "a number", value);
    }
    double number = value.doubleValue();
    if (!Double.isFinite(number) || number < min || number > max) {
      throw ApiException.invalid(
          name,
          "'"
              + name
              + "' must be a number from "
              + plain(min)
              + " to "
              + plain(max)
              + ", not "
              + ApiError.shorten(value.toString())
              + ".");
    }
    return (float) number;
  }

  static ApiException wrongType(String name, String wanted, JsonNode value) {
    return ApiException.invalid(
        name, "'" + name + "' must be " + wanted + ", not " + kind(value) + ".");
  }

  static ApiException tooMany(String name, String things, long count, long max) {
    return ApiException.invalid(
        name, "'" + name + "' has " + count + " " + things + "; the limit is " + max + ".");
  }

  static String kind(JsonNode value) {
    return switch (value.getNodeType()) {
      case ARRAY -> "an array";
      case BOOLEAN -> "a boolean";
      case NUMBER -> value.isIntegralNumber() ? "an integer" : "a number with a fraction";
      case OBJECT -> "an object";
      case STRING -> "a string";
      case NULL -> "null";
      case BINARY, MISSING, POJO -> "another value";
    };
  }

  private static String plain(double number) {
    return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
  }
}
