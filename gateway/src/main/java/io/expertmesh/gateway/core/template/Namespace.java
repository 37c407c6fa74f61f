package io.expertmesh.gateway.core.template;

import java.util.LinkedHashMap;
import java.util.Map;

/** {@code namespace(…)}: the one thing a loop's body can assign to outside of itself. */
record Namespace(Map<String, Object> fields) {
  Namespace {
    fields = new LinkedHashMap<>(fields);
  }
}
