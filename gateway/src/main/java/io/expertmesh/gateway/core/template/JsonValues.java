package io.expertmesh.gateway.core.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** JSON as template values: maps, lists, strings, longs, doubles, booleans, {@link None}. */
public final class JsonValues {
  private JsonValues() {}

  /** The fields of an object, in order. The caller owns the map. */
  public static Map<String, Object> object(JsonNode node) {
    Map<String, Object> result = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      result.put(entry.getKey(), of(entry.getValue()));
    }
    return result;
  }

  /** Any value. */
  public static Object of(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> object(node);
      case ARRAY -> {
        List<Object> items = new ArrayList<>(node.size());
        for (JsonNode item : node) {
          items.add(of(item));
        }
        yield items;
      }
      case STRING -> node.stringValue();
      case BOOLEAN -> node.booleanValue();
      case NUMBER -> number(node);
      case NULL, MISSING, BINARY, POJO -> None.NONE;
    };
  }

  private static Object number(JsonNode node) {
    if (node.isIntegralNumber() && node.canConvertToLong()) {
      return node.longValue();
    }
    return node.doubleValue();
  }
}
