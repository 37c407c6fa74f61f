package io.expertmesh.gateway.core.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Methods of dict and list that change nothing. */
final class ContainerMethods {
  private ContainerMethods() {}

  /** The bound method of a dict, null if there is none. */
  static @Nullable Callable of(Map<?, ?> entries, String name) {
    return switch (name) {
      case "items" -> a -> items(entries);
      case "keys" -> a -> new ArrayList<Object>(entries.keySet());
      case "values" -> a -> new ArrayList<Object>(entries.values());
      case "copy" -> a -> new LinkedHashMap<Object, Object>(entries);
      case "get" ->
          a -> {
            Object value = entries.get(a.get(0, "key", None.NONE));
            return value == null ? a.get(1, "default", None.NONE) : value;
          };
      default -> null;
    };
  }

  /** The bound method of a list, null if there is none. */
  static @Nullable Callable of(List<?> items, String name) {
    return switch (name) {
      case "index" ->
          a -> {
            for (int i = 0; i < items.size(); i++) {
              if (Py.equal(items.get(i), a.get(0, "value", None.NONE))) {
                return (long) i;
              }
            }
            throw new TemplateException("the value is not in the list");
          };
      case "count" ->
          a -> items.stream().filter(item -> Py.equal(item, a.get(0, "value", None.NONE))).count();
      case "copy" -> a -> new ArrayList<Object>(items);
      default -> null;
    };
  }

  /** Key and value pairs. */
  static List<Object> items(Map<?, ?> entries) {
    List<Object> pairs = new ArrayList<>(entries.size());
    entries.forEach((key, value) -> pairs.add(new Tuple(List.of(key, value))));
    return pairs;
  }
}
