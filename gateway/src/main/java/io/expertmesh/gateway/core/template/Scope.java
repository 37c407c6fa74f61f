package io.expertmesh.gateway.core.template;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Variables of a loop's body, a macro, or the whole template; looked up from inside out. */
final class Scope {
  private final @Nullable Scope outer;
  private final Map<String, Object> variables = new HashMap<>();

  Scope(@Nullable Scope outer) {
    this.outer = outer;
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }

  Object get(String name) {
    Scope scope = this;
    while (scope != null) {
      Object value = scope.variables.get(name);
      if (value != null) {
        return value;
      }
      scope = scope.outer;
    }
    return new Undefined(name);
  }
}
