package io.expertmesh.render.app;

import java.lang.reflect.Method;
import java.util.Collection;
import java.util.Map;

/** Finds fields that the classes of Kubernetes' API do not know. */
final class Strict {
  private static final String API = "io.fabric8.";

  private Strict() {}

  /** Fails with the path of the first one. */
  static void requireNoUnknownFields(Object value, String path)
      throws ReflectiveOperationException {
    switch (value) {
      case Collection<?> list -> {
        int i = 0;
        for (Object element : list) {
          requireNoUnknownFields(element, path + "[" + i++ + "]");
        }
      }
      case Map<?, ?> map -> {
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          requireNoUnknownFields(entry.getValue(), path + "." + entry.getKey());
        }
      }
      case Object bean when bean.getClass().getName().startsWith(API) -> bean(bean, path);
      default -> {}
    }
  }

  private static void bean(Object bean, String path) throws ReflectiveOperationException {
    for (Method method : bean.getClass().getMethods()) {
      String name = method.getName();
      if (!name.startsWith("get") || method.getParameterCount() > 0 || name.equals("getClass")) {
        continue;
      }
      Object value = method.invoke(bean);
      if (name.equals("getAdditionalProperties")) {
        if (value instanceof Map<?, ?> unknown && !unknown.isEmpty()) {
          throw new AssertionError(path + " has unknown fields " + unknown.keySet());
        }
      } else if (value != null && !(bean instanceof Enum)) {
        requireNoUnknownFields(value, path + "." + name.substring(3));
      }
    }
  }
}
